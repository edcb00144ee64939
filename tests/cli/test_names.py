"""Every command, option, target, link and file that a text of the repository names is there."""

import re

import pytest
from typer.main import get_command

from fame.cli import app

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "results/README.md",
    *(f"{name}/**/*.md" for name in ("docs", "config", "studies")),
)
TEXTS = (*PAGES, "Makefile")
SOURCES = ("fame/**/*.py", "config/**/*.yaml", "workflow/**/*.smk", "profiles/**/*.yaml")
FOLDERS = "fame|docs|config|tests|benchmarks|workflow|profiles|studies"
COMMAND = re.compile(r"(?:`|-m |\$ |^ *)fame ([a-z][a-z-]+)", re.M)
FILE = re.compile(rf"(?<![\w/.$}}{{])((?:{FOLDERS})/[\w/.-]*\w\.(?:py|md|yaml|smk|rst|csv))")
LINE = re.compile(r"(?:`|-m |\$ |^ *|bin/)fame ([a-z][a-z-]+)((?:[^`\n#]|\\\n)*)", re.M)
CODE = re.compile(r"^```.*?^```|`[^`]+`", re.M | re.S)
MAKE = re.compile(r"(?:^|`)make ([a-z][\w/.-]*)", re.M)
OPTION = re.compile(r"(?<=\s)--[a-z][a-z-]*")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*?)(?:#([^)\s]*))?\)")
SNAKEMAKE = {"run"}
"""Commands whose other options are Snakemake's."""


@pytest.fixture(scope="module")
def texts(root):
    found = {file for pattern in (*TEXTS, *SOURCES) for file in root.glob(pattern)}
    assert len(found) > 200
    return {file.relative_to(root).as_posix(): file.read_text("utf-8") for file in sorted(found)}


def test_every_command_exists(texts):
    known = set(get_command(app).commands)
    named = {(file, name) for file, text in texts.items() for name in COMMAND.findall(text)}
    assert len({name for _, name in named}) > 10
    assert {(file, name) for file, name in named if name not in known} == set()


def test_every_file_exists(texts, root):
    named = {(file, path) for file, text in texts.items() for path in FILE.findall(text)}
    assert len(named) > 50
    missing = {(file, path) for file, path in named if not (root / path).exists()}
    assert missing == {("studies/mini/README.md", "benchmarks/mini_study.py")}  # it says so


def test_every_option_exists(texts):
    known = {
        name: {word for one in command.params for word in (*one.opts, *one.secondary_opts)}
        for name, command in get_command(app).commands.items()
    }
    named = {
        (file, name, option)
        for file, text in texts.items()
        for name, rest in LINE.findall(text)
        for option in OPTION.findall(rest.partition("|")[0])
        if name in known.keys() - SNAKEMAKE
    }
    assert len(named) > 20
    assert {one for one in named if one[2] not in {*known[one[1]], "--help"}} == set()


def test_every_target_of_make_exists(texts, root):
    rules = re.findall(r"^([a-z][a-z-]*):", (root / "Makefile").read_text(), re.M)
    codes = ((file, code) for file, text in texts.items() for code in CODE.findall(text))
    named = {(file, name) for file, code in codes for name in MAKE.findall(code)}
    assert len({name for _, name in named}) > 8
    unknown = {(file, name) for file, name in named if name not in rules}
    assert {one for one in unknown if not one[1].startswith("results/")} == set()


def test_every_link_leads_somewhere(root):
    pages = sorted(file for pattern in PAGES for file in root.glob(pattern))
    links = [(page, *link) for page in pages for link in LINK.findall(page.read_text("utf-8"))]
    assert len(links) > 100
    dead = []
    for page, path, heading in links:
        target = page.parent / path if path else page
        if not target.exists():
            dead.append((page.name, path))
        elif heading and heading not in anchors(target.read_text("utf-8")):
            dead.append((page.name, f"{path}#{heading}"))
    assert dead == []


def anchors(text):
    """The names that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return {*plain, *re.findall(r'<a (?:id|name)="([^"]+)"', text)}
