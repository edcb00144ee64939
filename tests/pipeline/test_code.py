"""Which edits make which results stale: digests over imports, without comments and docstrings."""

import shutil
from pathlib import Path

import pytest

from fame.core.errors import FameError
from fame.pipeline import code
from fame.pipeline.code import Code

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
    "asks.py": 'F = registry.load("fame.choices", "one", "A")\n',
    "page/__init__.py": "",
    "page/page.css": "p {}\n",
}


@pytest.fixture
def package(tmp_path) -> Path:
    """A small package called fame."""
    for name, text in FILES.items():
        (tmp_path / "fame" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "fame" / name).write_text(text)
    return tmp_path / "fame"


def names(package, *entries):
    return {file.relative_to(package).as_posix() for file in Code(package).closure(*entries)}


def test_imports_are_followed_those_in_functions_and_relative_ones_too(package):
    found = {"__init__.py", "room/__init__.py", "room/c.py", "room/d.py"}
    assert names(package, "fame.room.c") == found | {"alone/__init__.py", "alone/x.py"}
    assert names(package, "fame.a") == names(package, "fame.room.c") | {"a.py", "b.py"}


def test_a_registry_brings_all_of_its_choices_and_a_package_its_templates(package):
    chosen = {"__init__.py", "choices/__init__.py", "choices/one.py"}
    chosen |= {"room/__init__.py", "room/e.py"}
    assert names(package, "fame.choices") == chosen
    assert names(package, "fame.asks") == chosen | {"asks.py"}
    assert names(package, "fame.page") == {"__init__.py", "page/__init__.py", "page/page.css"}


def test_an_unknown_module_is_refused(package):
    for name in ("fame.room.f", "fame.a.X", "famed.a", "os"):
        with pytest.raises(FameError, match=f"no module {name}"):
            Code(package).of(name)


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
    before = Code(package).of("fame.a")
    (package / "room" / "c.py").write_text(text)
    assert (Code(package).of("fame.a") == before) == same


def test_a_docstring_in_a_function_does_not_count(package):
    before = Code(package).of("fame.a")
    file = package / "b.py"
    file.write_text(file.read_text().replace("f():\n", 'f():\n    """Says more."""\n'))
    assert Code(package).of("fame.a") == before


def test_files_are_parsed_once_for_all_processes(package, monkeypatch):
    first = Code(package).of("fame.a")
    monkeypatch.setattr(code, "_parsed", lambda *_: pytest.fail("parsed again"))
    assert Code(package).of("fame.a") == first


def test_a_damaged_or_unwritable_cache_costs_time_only(package):
    first = Code(package).of("fame.a")
    (cache,) = package.rglob("code_of.json")
    cache.write_text('{"reader"')
    assert Code(package).of("fame.a") == first
    shutil.rmtree(cache.parent)
    cache.parent.write_text("a file where the folder should be")
    assert Code(package).of("fame.a") == first


def test_digests_do_not_depend_on_the_place(package, tmp_path):
    shutil.copytree(package, tmp_path / "elsewhere" / "fame")
    assert Code(tmp_path / "elsewhere" / "fame").of("fame.a") == Code(package).of("fame.a")


# --- this package's own rules


EDITED = {
    "data/datasets/hmdb51.py": {"world", "provide", "index"},
}
