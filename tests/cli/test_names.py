"""Every command, file and module that a text of the repository names is there."""

import re

import pytest
from typer.main import get_command

from fame.cli import app

TEXTS = ("README.md", "CONTRIBUTING.md", "Makefile", "docs/*.md", "config/**/*.md")
SOURCES = ("fame/**/*.py", "config/**/*.yaml", "workflow/**/*.smk", "profiles/**/*.yaml")
FOLDERS = "fame|docs|config|tests|benchmarks|workflow|profiles|studies"
COMMAND = re.compile(r"(?:`|-m |\$ |^ *)fame ([a-z][a-z-]+)", re.M)
FILE = re.compile(rf"(?<![\w/.$}}{{])((?:{FOLDERS})/[\w/.-]*\w\.(?:py|md|yaml|smk|rst|csv))")


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
    assert {(file, path) for file, path in named if not (root / path).exists()} == set()
