"""Choices by name: a module of ours, one of an installed package, or a user's own `.py` file.

A new mask variant or pretext method is one new file; no list names them. An installed package
offers modules by entry points: the group is the package here (`fame.augment.masks`), the name is
the choice's, and the value is the module.
"""

import ast
import difflib
import hashlib
import importlib
import importlib.util
import pkgutil
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from fame.core.errors import FameError

Kind = TypeVar("Kind")

SHARED = "common"
"""The module of a package with shared code, which is not a choice itself."""

OPEN = frozenset(
    ("fame.pretext", "fame.augment.masks", "fame.data.datasets", "fame.models.backbones")
)
"""The packages to whose choices an installed package may add."""


@dataclass(frozen=True)
class Installed:
    """A choice that an installed package offers.

    Attributes:
        module: its dotted name.
        owner: the package's name and version.
        file: the module's source.
    """

    module: str
    owner: str
    file: Path


def installed(package: str) -> dict[str, Installed]:
    """The choices that installed packages add to one of `OPEN`, by name; nothing is imported.

    Raises:
        FameError: two packages offer one name, a name is ours or no plain word, or the module is
            missing.
    """
    return _offered(package, tuple(sys.path)) if package in OPEN else {}


@lru_cache
def _entry_points(path: tuple[str, ...]) -> Any:
    """Those of all installed packages: the files of all are read for any of them."""
    return entry_points()


@lru_cache
def _offered(package: str, path: tuple[str, ...]) -> dict[str, Installed]:
    """Looked up again when the search path has changed."""
    found: dict[str, Installed] = {}
    for point in _entry_points(path).select(group=package):
        owner = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
        if not point.name.isidentifier():
            raise FameError(f"{owner}: {point.name!r} in {package} must be a plain word; rename it")
        taken = package if point.name in built_in(package) else None
        taken = found[point.name].owner if point.name in found else taken
        if taken:
            raise FameError(
                f"{owner} offers {point.name!r} in {package}, which {taken} has already; "
                "uninstall the package or rename its entry point"
            )
        found[point.name] = Installed(point.module, owner, _file_of(point, owner))
    return found


def _file_of(point: EntryPoint, owner: str) -> Path:
    """The source of an entry point's module, found without running its package."""
    parts = point.module.split(".")
    spec = importlib.util.find_spec(parts[0])
    for end in range(2, len(parts) + 1):
        folders = spec.submodule_search_locations if spec else None
        spec = PathFinder.find_spec(".".join(parts[:end]), folders) if folders else None
    if spec is None or not spec.has_location or point.attr:
        raise FameError(
            f"{owner}: its entry point {point.name} = {point.value} names no module; correct it"
        )
    return Path(str(spec.origin))


def names(package: str) -> list[str]:
    """The choices of a package and those of installed packages, sorted; nothing is imported.

    Raises:
        FameError: see `installed`.
    """
    return sorted([*built_in(package), *installed(package)])


def built_in(package: str) -> list[str]:
    """The choices of a package itself, sorted; nothing is imported.

    Args:
        package: dotted name, for example `fame.augment.masks`. Its files are the choices, except
            `common.py`, files that start with an underscore, and packages.
    """
    spec = importlib.util.find_spec(package)
    assert spec is not None
    folders = tuple(spec.submodule_search_locations or ())
    return list(_listed(folders, tuple(Path(folder).stat().st_mtime_ns for folder in folders)))


@lru_cache
def _listed(folders: tuple[str, ...], changed: tuple[int, ...]) -> tuple[str, ...]:
    """The choices in folders, listed again after a change: a scale with tables asks 600 times."""
    choices = (module.name for module in pkgutil.iter_modules(folders) if not module.ispkg)
    return tuple(sorted(name for name in choices if name != SHARED and not name.startswith("_")))


def check_name(package: str, name: str) -> None:
    """Refuse a name that is not a choice of a package, without importing any; `.py` paths pass."""
    if name.endswith(".py"):
        return
    choices = names(package)
    if name not in choices:
        near = difflib.get_close_matches(name, choices, n=1, cutoff=0.0)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise FameError(
            f"There is no '{name}' in {package}; {hint}"
            f"Choose one of {', '.join(choices)} or give the path of a .py file."
        )


def source_of(package: str, name: str) -> Path:
    """The file of a choice: a module's, or the plug-in file itself.

    The package is not imported, so lower packages may use this too.
    """
    if name.endswith(".py"):
        return Path(name).expanduser()
    check_name(package, name)
    if foreign := installed(package).get(name):
        return foreign.file
    spec = importlib.util.find_spec(package)
    assert spec is not None
    files = (Path(folder, f"{name}.py") for folder in spec.submodule_search_locations or ())
    return next(file for file in files if file.is_file())


def declared(package: str, name: str, attribute: str, absent: Any) -> Any:
    """The literal that a choice's file assigns to `attribute`, read without importing the file.

    The workflow, which imports no torch, can thus ask a method what it uses.

    Args:
        package: dotted name of the package that holds the built-in choices.
        name: one of `names(package)`, or the path of a `.py` file.
        attribute: a name assigned at the file's top level.
        absent: returned if the file does not assign it.

    Raises:
        FameError: no such choice or file, or the value is not a literal.
    """
    file = source_of(package, name)
    try:
        value = _assigned(file.read_bytes(), attribute)
        return absent if value is None else ast.literal_eval(value)
    except OSError as error:
        raise FameError(f"{file}: the plug-in file cannot be read ({error.strerror})") from None
    except SyntaxError as error:
        raise FameError(f"{file}: the plug-in file is not Python ({error}); correct it") from None
    except ValueError:
        raise FameError(
            f"{file}: {attribute} must be written out, since no code is run to read it"
        ) from None


def constructed(file: Path, attribute: str, kind: type[Kind]) -> Kind:
    """What a file binds `attribute` to by a call of `kind` with literals, read without importing.

    Args:
        file: a Python file, such as `source_of` gives.
        attribute: a name that the file assigns `Kind(...)` at its top level.
        kind: a dataclass, whose name the call has.

    Raises:
        FameError: there is no such assignment, an argument is no literal, missing or unknown.
    """
    value = _assigned(file.read_bytes(), attribute)
    if value is None:
        raise FameError(f"{file}: declares no `{attribute} = {kind.__name__}(...)`; add it")
    try:
        if not isinstance(value, ast.Call) or ast.unparse(value.func) != kind.__name__:
            raise TypeError(f"it is no call of {kind.__name__}")
        given = {str(word.arg): ast.literal_eval(word.value) for word in value.keywords}
        return kind(*map(ast.literal_eval, value.args), **given)
    except (TypeError, ValueError) as error:
        raise FameError(
            f"{file}: {attribute} cannot be read ({error}); see {kind.__name__} in "
            f"{kind.__module__}"
        ) from None


@lru_cache
def _assigned(text: bytes, attribute: str) -> ast.expr | None:
    """The value in the last assignment to a name at a file's top level."""
    value = None
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == attribute for target in targets):
                value = node.value
    return value


def _module(package: str, name: str) -> ModuleType:
    check_name(package, name)
    foreign = installed(package).get(name)
    if foreign is None:
        return importlib.import_module(f"{package}.{name}")
    try:
        return importlib.import_module(foreign.module)
    except ImportError as error:
        raise FameError(
            f"'{name}' of {foreign.owner} cannot be imported ({error}); mend the package"
        ) from error


def is_foreign(package: str, name: str) -> bool:
    """Whether a choice is a user's file or an installed package's."""
    return name.endswith(".py") or name in installed(package)


def _plug_in(file: Path) -> ModuleType:
    path = file.expanduser().resolve()
    if not path.is_file():
        raise FameError(f"There is no plug-in file {file}; correct its path.")
    # Loaded once per file: a second copy would have different classes.
    name = f"fame_plugin_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def load(package: str, name: str, attribute: str) -> Any:
    """The `attribute` that the choice `name` of `package` defines.

    Args:
        package: dotted name of the package that holds the built-in choices.
        name: one of `names(package)`, or a path that ends in `.py`; the module is imported.
        attribute: for example `mask` or `METHOD`.

    Raises:
        FameError: no such choice or file, or it does not define the attribute.
    """
    module = _plug_in(Path(name)) if name.endswith(".py") else _module(package, name)
    if not hasattr(module, attribute):
        raise FameError(f"'{name}' does not define '{attribute}'; add it or choose another name.")
    return getattr(module, attribute)
