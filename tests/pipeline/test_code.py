"""Which edits make which results stale: digests over imports, without comments and docstrings."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fame.core.errors import FameError
from fame.core.registry import names as names_of
from fame.pipeline import code
from fame.pipeline.code import PACKAGE, RULES, Code, Sources
from fame.pipeline.tasks import ON_FEATURES, TASKS

FILES = {
    "__init__.py": '"""A package."""\n',
    "a.py": "import os\nfrom fame import b\n\nX = b.Y\n",
    "b.py": "def f():\n    from fame.room.c import Z\n    return Z\n",
    "room/__init__.py": "",
    "room/c.py": "from . import d\nZ = 1\n",
    "room/d.py": "import fame.alone.x\n",
    "room/e.py": "",
    "alone/__init__.py": "",
    "alone/x.py": "if TYPE_CHECKING:\n    from fame.room import e\n",
    "choices/__init__.py": 'def get(name):\n    return registry.load(__name__, name, "A")\n',
    "choices/one.py": "from fame.room import e\n",
    "calls.py": "from fame import a\n",
    "page/__init__.py": "",
    "page/page.css": "p {}\n",
}


A = Sources(("fame.a",))


@pytest.fixture
def package(tmp_path) -> Path:
    """A small package called fame."""
    for name, text in FILES.items():
        (tmp_path / "fame" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "fame" / name).write_text(text)
    return tmp_path / "fame"


def names(package, *entries):
    return {
        file.relative_to(package).as_posix() for file in Code(package).closure(Sources(entries))
    }


def test_imports_are_followed_those_in_functions_and_relative_ones_too(package):
    imported = {"__init__.py", "room/__init__.py", "room/c.py", "room/d.py"}
    assert names(package, "fame.room.c") == imported | {"alone/__init__.py", "alone/x.py"}
    assert names(package, "fame.a") == names(package, "fame.room.c") | {"a.py", "b.py"}


def test_a_registry_brings_all_of_its_choices_and_a_package_its_templates(package):
    chosen = {"__init__.py", "choices/__init__.py", "choices/one.py"}
    chosen |= {"room/__init__.py", "room/e.py"}
    assert names(package, "fame.choices") == chosen
    assert names(package, "fame.choices.*") == chosen
    assert names(package, "fame.page") == {"__init__.py", "page/__init__.py", "page/page.css"}


def test_an_unknown_module_is_refused(package):
    for name in ("fame.room.f", "fame.a.X", "famed.a", "os"):
        with pytest.raises(FameError, match=f"no module {name}"):
            Code(package).of(Sources((name,)))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("from . import d  # a comment\n\n\nZ = (1)\n", True),
        ('"""What it is."""\nfrom . import d\n\nZ = 1\n"""What Z is."""\n', True),
        ("from . import d\nZ = 2\n", False),
        ("from . import e\nZ = 1\n", False),
    ],
)
def test_what_code_does_counts_and_how_it_is_written_does_not(package, text, same):
    before = Code(package).of(A)
    (package / "room" / "c.py").write_text(text)
    assert (Code(package).of(A) == before) == same


def test_a_docstring_in_a_function_does_not_count(package):
    before = Code(package).of(A)
    file = package / "b.py"
    file.write_text(file.read_text().replace("f():\n", 'f():\n    """Says more."""\n'))
    assert Code(package).of(A) == before


def test_files_are_parsed_once_for_all_processes(package, monkeypatch):
    first = Code(package).of(A)
    monkeypatch.setattr(code, "parsed", lambda *_: pytest.fail("parsed again"))
    assert Code(package).of(A) == first


def test_a_damaged_or_unwritable_cache_costs_time_only(package):
    first = Code(package).of(A)
    (cache,) = package.rglob("code_of.json")
    cache.write_text('{"reader"')
    assert Code(package).of(A) == first
    shutil.rmtree(cache.parent)
    cache.parent.write_text("a file where the folder should be")
    assert Code(package).of(A) == first


def test_digests_do_not_depend_on_the_place(package, tmp_path):
    shutil.copytree(package, tmp_path / "elsewhere" / "fame")
    assert Code(tmp_path / "elsewhere" / "fame").of(A) == Code(package).of(A)


def test_a_caller_counts_without_its_imports(package):
    files = {file.name for file in Code(package).closure(Sources(("fame.b",), ("fame.calls",)))}
    assert "calls.py" in files and "a.py" not in files


# --- this package's own rules

FIGURES = [f"figure {name}" for name in names_of("fame.report.figures")]
ON_VIDEOS = {"index", "activation", "mask_quality", "training_pair", "masked_clips"}
DATA = {"world", "index", "prepare", "gather"}
EDITS = {
    # A world's true masks are written, and read, by what lays it out.
    "data/datasets/hmdb51.py": DATA | {"activation", "mask_quality"},
    "data/instances.py": DATA,
    "data/clips/sampling.py": ON_VIDEOS - {"index"},
    "data/video/transcode.py": {"prepare", "gather"},
    "augment/masks/grid.py": {"activation", "mask_quality", "training_pair", "masked_clips"},
    "models/backbones/i3d.py": {"activation"},
    "evaluate/features/store.py": {"linear", "bias", "knn", "retrieval", "activation"},
    "evaluate/tasks/retrieval.py": {"knn", "retrieval"},
    "train/sgd.py": {"linear", "bias"},
    "train/engine.py": set(),
    "pretext/moco.py": set(),
    "report/page/templates/page.html.j2": {"report", "table", "figure claims", "figure headline"},
    "report/figures/figure3.py": {"figure figure3"},
    "report/style.py": set(FIGURES),
    "cli/run.py": set(),
}
"""One file of each kind, and the rules whose results an edit of it must make stale."""


def sources():
    figures = {name: Sources((f"fame.report.figures.{name.split()[1]}",)) for name in FIGURES}
    return RULES | figures


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A copy of the package, to be edited."""
    copy = tmp_path_factory.mktemp("tree") / "fame"
    return shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture(scope="module")
def before(tree):
    code = Code(tree)
    return {rule: code.of(one) for rule, one in sources().items()}


@pytest.mark.parametrize("file", EDITS)
def test_an_edit_makes_the_right_rules_stale_and_no_other(tree, before, file):
    original = (tree / file).read_bytes()
    edit = b"\n_EDITED = 1\n" if file.endswith(".py") else b"\n<p>edited</p>\n"
    (tree / file).write_bytes(original + edit)
    try:
        code = Code(tree)
        stale = {rule for rule, one in sources().items() if code.of(one) != before[rule]}
    finally:
        (tree / file).write_bytes(original)
    assert stale == EDITS[file]


def test_a_comment_or_a_docstring_makes_nothing_stale(tree, before):
    files = [tree / file for file in EDITS if file.endswith(".py")]
    originals = {file: file.read_bytes() for file in files}
    for file, text in originals.items():
        file.write_bytes(b"# More.\n" + text + b'\n"""Said at the end."""\n')
    try:
        code = Code(tree)
        assert {rule: code.of(one) for rule, one in sources().items()} == before
    finally:
        for file, text in originals.items():
            file.write_bytes(text)


def test_every_rule_of_the_workflow_names_its_code_or_its_version(root):
    """A new rule must say how it becomes stale; copying and finding need no code."""
    text = "\n".join(file.read_text() for file in (root / "workflow" / "rules").glob("*.smk"))
    rules = re.split(r"^ *rule (\w+):$", text, flags=re.M)[1:]
    assert "for TASK in tasks.ON_FEATURES:" in text and "code=code(TASK)" in text
    assert set(ON_FEATURES) <= set(RULES)
    for name, body in zip(rules[::2], rules[1::2], strict=True):
        if name in RULES:
            assert f'code=code("{name}")' in body, name
        elif name in {"features", "conditions", "pretrain", *TASKS}:
            assert f'version("{name}")' in body or "recipe=" in body, name
        else:
            assert name in {"figure", "publish", "source"}, name


def test_asking_imports_no_torch():
    call = "import sys; from fame.pipeline.code import code_of_rule; code_of_rule('linear')"
    subprocess.run([sys.executable, "-c", f"{call}; assert 'torch' not in sys.modules"], check=True)
