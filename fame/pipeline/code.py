"""Digests of code: one digest covers a module and everything it imports from this package.

A rule that takes minutes has its module's digest as a parameter, so an edit of any file that the
module imports, directly or not, makes the rule's results stale. Comments, docstrings and layout do
not count. A rule that takes hours has a version number instead (`fame.pipeline.versions`), since
renaming a variable must not cost days.

Imports are read from the files, including those inside functions; nothing is imported. If a
package's modules are loaded by name through the registry, all of them count.
"""

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fame.core.errors import FameError
from fame.core.files import replacing
from fame.pipeline import tasks

PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Sources:
    """The code that a rule runs.

    Attributes:
        modules: dotted names; the modules count with everything they import. `a.b.*` means every
            module of a package.
        callers: modules that only call the others, for several rules: their imports do not count.
    """

    modules: tuple[str, ...]
    callers: tuple[str, ...] = ()


RULES = {
    "world": Sources(("fame.data.synthetic.write",), ("fame.data.instances",)),
    "index": Sources(
        ("fame.data.datasets", "fame.data.index", "fame.data.own"), ("fame.data.instances",)
    ),
    "prepare": Sources(("fame.data.prepare",), ("fame.data.instances",)),
    "gather": Sources(("fame.data.prepare",), ("fame.data.instances",)),
    **{name: Sources((f"{tasks.PACKAGE}.{name}",)) for name in tasks.ON_FEATURES},
    "activation": Sources(("fame.evaluate.tasks.activation", "fame.models.backbones.*")),
    "mask_quality": Sources(("fame.evaluate.masks.quality", "fame.evaluate.masks.variants")),
    "training_pair": Sources(("fame.evaluate.masks.examples",)),
    "masked_clips": Sources(("fame.evaluate.masks.examples", "fame.evaluate.masks.variants")),
    "confusion": Sources(("fame.evaluate.metrics.confusion",)),
    "table": Sources(("fame.report.tables.build",)),
    "report": Sources(("fame.report.page.page",)),
}
"""The rules that take minutes, except those that draw figures: a figure's module is
`fame.report.figures.<figure>`. Pretraining and feature extraction have version numbers; rules that
look up or copy files need neither."""


@cache
def code_of_rule(rule: str) -> str:
    """The digest of the code that a rule of `RULES` runs."""
    return _installed().of(RULES[rule])


@cache
def code_of(module: str) -> str:
    """The digest of an installed module and everything it imports from this package."""
    return _installed().of(Sources((module,)))


@cache
def _installed() -> "Code":
    return Code(PACKAGE)


class Code:
    """The source files of a package; each is read once.

    Args:
        package: the folder of `fame`.
    """

    def __init__(self, package: Path) -> None:
        self._package = package
        self._read: dict[Path, tuple[str, list[str]]] = {}
        self._cache = _Cache(package)

    def of(self, sources: Sources) -> str:
        """Sixteen hexadecimal digits that change when the sources' code changes.

        Raises:
            FameError: there is no such module.
        """
        files = sorted(self.closure(sources))
        self._cache.keep()
        places = [file.relative_to(self._package).as_posix() for file in files]
        digests = [self._digest_and_imports(file)[0] for file in files]
        return _sha(repr([places, digests]).encode())[:16]

    def closure(self, sources: Sources) -> set[Path]:
        """All files that the sources depend on.

        Other files beside a package's `__init__.py`, such as templates, belong to the package.

        Raises:
            FameError: there is no such module.
        """
        waiting = [file for name in sources.modules for file in self._files_of_all(name)]
        reached: set[Path] = set()
        while waiting:
            file = waiting.pop()
            if file not in reached:
                reached.add(file)
                waiting += _data_files(file)
                waiting += [
                    one for name in self._digest_and_imports(file)[1] for one in self._files(name)
                ]
        return reached.union(*(self._files_of_all(name) for name in sources.callers))

    def _files_of_all(self, name: str) -> list[Path]:
        """The files of a name in `Sources`."""
        package = name.removesuffix(".*")
        files = self._files(package)
        if len(files) != package.count(".") + 1:
            raise FameError(f"there is no module {name}; correct the rule that names it")
        return files if package == name else files + self._files(name)

    def _digest_and_imports(self, file: Path) -> tuple[str, list[str]]:
        """A file's digest, and the dotted names that it imports."""
        if file not in self._read:
            module = ".".join(file.relative_to(self._package.parent).with_suffix("").parts)
            self._read[file] = self._cache.look(file.read_bytes(), module, file.suffix)
        return self._read[file]

    def _files(self, name: str) -> list[Path]:
        """The files of a dotted name: the module's (if it is one) and those of its packages."""
        if name.endswith(".*"):
            folder = self._package.parent.joinpath(*name.split(".")[:-1])
            return sorted(folder.glob("*.py"))
        files, folder = [], self._package.parent
        for part in name.split("."):
            module, folder = folder / f"{part}.py", folder / part
            if (folder / "__init__.py").is_file():
                files.append(folder / "__init__.py")
            elif module.is_file():
                files.append(module)
        return files if name.split(".", maxsplit=1)[0] == self._package.name else []


def _data_files(file: Path) -> list[Path]:
    """Files of a package's folder that are not Python: templates, styles."""
    if file.name != "__init__.py":
        return []
    return [one for one in file.parent.iterdir() if one.is_file() and one.suffix != ".py"]


class _Cache:
    """Digests and imports of files, cached by content: parsing all files takes seconds.

    Stored beside Python's compiled files; if that is not possible, files are parsed every time.
    """

    def __init__(self, package: Path) -> None:
        cached = importlib.util.cache_from_source(str(package / "pipeline" / "code.py"))
        self._file = Path(cached).with_name("code_of.json")
        self._reader = _sha(Path(__file__).read_bytes())
        self._entries: dict[str, tuple[str, list[str]]] = {}
        self._grown = False
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(self._file.read_bytes())
            self._entries = kept["files"] if kept["reader"] == self._reader else {}

    def look(self, content: bytes, module: str, suffix: str) -> tuple[str, list[str]]:
        """A file's digest, and the dotted names that it imports."""
        key = f"{module}{suffix} {_sha(content)}"
        if key not in self._entries:
            self._entries[key] = parsed(content, module) if suffix == ".py" else (_sha(content), [])
            self._grown = True
        digest, names = self._entries[key]
        return digest, names

    def keep(self) -> None:
        """Store the cache."""
        if self._grown:
            with suppress(FameError), replacing(self._file) as file:
                file.write(json.dumps({"reader": self._reader, "files": self._entries}).encode())
            self._grown = False


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def parsed(content: bytes, module: str) -> tuple[str, list[str]]:
    """The digest of a Python file's code, and the dotted names that it imports."""
    tree = ast.parse(content)
    return _sha(repr(_without_positions(tree)).encode()), sorted(set(_imports(tree, module)))


def _without_positions(node: Any) -> Any:
    """A syntax tree as nested lists, without docstrings and positions; equal in all Pythons."""
    if isinstance(node, list):
        return [_without_positions(one) for one in node if not _is_string(one)]
    if not isinstance(node, ast.AST):
        return node
    fields = ((name, value) for name, value in ast.iter_fields(node) if value not in (None, []))
    return [type(node).__name__, *((name, _without_positions(value)) for name, value in fields)]


def _is_string(node: Any) -> bool:
    """Whether a statement is just a string, such as a docstring."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _imports(node: ast.AST, module: str) -> Iterator[str]:
    """The dotted names that a module imports, including those that it loads by the registry."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        start = module.split(".")[: -node.level] if node.level else []
        base = ".".join([*start, *filter(None, [node.module])])
        yield from (f"{base}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and ast.unparse(node).startswith("registry.load(__name__"):
        yield f"{module.removesuffix('.__init__')}.*"
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, module)
