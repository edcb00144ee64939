"""Read YAML files into validated configuration; errors name the place and the remedy."""

import difflib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from fame.config.figures import Figures
from fame.config.scale import Scale
from fame.config.tables import Table
from fame.core.errors import FameError

RENAMED = {
    "fit": "max_short_side",
    "merge.clips": "merged_views",
    "pretrain.moco": "pretrain.methods.moco",
    "evaluate.linear.train_colours": "evaluate.linear.train_normalisation",
    "evaluate.retrieval.colours": "evaluate.retrieval.normalisation",
}
"""Old keys (with their section, if the key alone is ambiguous) and their new names."""

SCALES = Path(__file__).resolve().parents[2] / "config" / "scales"

M = TypeVar("M", bound=BaseModel)


_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(:-(?P<default>[^}]*))?\}|\$(?P<bare>\w+)")


def expand(path: str) -> Path:
    """A configured path with `~`, `$NAME` and `${NAME:-default}` replaced.

    An empty variable counts as unset, as with `:-` in a shell.

    Raises:
        FameError: a variable is not set and has no default.
    """
    _refuse_unset(path)
    return Path(_VARIABLE.sub(_content, path)).expanduser()


def expand_both(root: str, annotations: str | None) -> tuple[Path, Path | None]:
    """A dataset's folder of videos and its lists (or None), each as `expand` gives it.

    Raises:
        FameError: variables are not set; one sentence names those of both paths.
    """
    if annotations is None:
        return expand(root), None
    _refuse_unset(root, annotations)
    return expand(root), expand(annotations)


def _name(match: re.Match[str]) -> str:
    return match["name"] or match["bare"]


def _content(match: re.Match[str]) -> str:
    return os.environ.get(_name(match)) or match["default"] or ""


def _refuse_unset(*paths: str) -> None:
    """Stop if a path names a variable that is not set and has no default."""
    found = [match for path in paths for match in _VARIABLE.finditer(path)]
    unset = list(dict.fromkeys(_name(match) for match in found if not _content(match)))
    if len(unset) == 1:
        said = f"the environment variable {unset[0]} is not set; set it"
    elif unset:
        said = f"the environment variables {' and '.join(unset)} are not set; set them"
    else:
        return
    raise FameError(f"{' and '.join(paths)}: {said}")


class _UniqueKeyLoader(yaml.CSafeLoader):  # several times as fast as yaml.SafeLoader
    """Refuses a repeated key in a mapping; YAML would silently use the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is repeated", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping; a `FameError` names the place if the file is not one."""
    try:
        data = _UniqueKeyLoader(path.read_text(encoding="utf-8")).get_single_data()
    except FileNotFoundError:
        raise FameError(f"{path}: no such file") from None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise FameError(f"{path}: not readable as YAML ({reason})") from None
    if not isinstance(data, dict):
        raise FameError(f"{path}: must contain `key: value` lines")
    return data


def _valid_names(model: Any, location: tuple[Any, ...]) -> list[str]:
    """The keys allowed beside `location`, read from the model's JSON schema."""
    schema = model.model_json_schema()
    node: Any = schema
    for part in location[:-1]:
        node = _child(schema, node, part)
    section = _resolve(schema, node)
    options = (_resolve(schema, option) for option in section.get("anyOf", [section]))
    return [name for option in options for name in option.get("properties", {})]


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def _child(schema: dict[str, Any], node: dict[str, Any], part: Any) -> dict[str, Any]:
    node = _resolve(schema, node)
    if "discriminator" in node and part in node["discriminator"]["mapping"]:
        return {"$ref": node["discriminator"]["mapping"][part]}
    for reference in node.get("anyOf", [node]):
        option = _resolve(schema, reference)
        if part in option.get("properties", {}):
            return option["properties"][part]
        for key in ("additionalProperties", "items"):
            if isinstance(option.get(key), dict):
                return option[key]
    return {}


def _example(model: Any, location: tuple[Any, ...]) -> str:
    """An example value for a missing key, if the model has one."""
    schema = node = model.model_json_schema()
    for part in location:
        node = _child(schema, node, part)
    examples = node.get("examples", ())
    return f"; write it, for example `{location[-1]}: {examples[0]}`" if examples else ""


def _hint(model: Any, location: tuple[Any, ...], path: str) -> str:
    """The new name of a renamed key, or the nearest valid name of an unknown one."""
    for old, new in RENAMED.items():
        if f".{path}".endswith(f".{old}"):
            return f"; it is called {new} now"
    close = difflib.get_close_matches(str(location[-1]), _valid_names(model, location), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def describe(error: ValidationError, model: Any, section: str = "") -> str:
    """The first problems of a validation error, each with its path and a suggestion.

    Args:
        error: raised by pydantic.
        model: the model that was validated.
        section: its dotted name in the file, if only a section was validated.
    """
    lines = []
    for item in error.errors()[:5]:
        location = item["loc"]
        path = ".".join(str(part) for part in location) or "(top)"
        if item["type"] == "extra_forbidden":
            lines.append(f"unknown key {path}{_hint(model, location, f'{section}.{path}')}")
        elif item["type"] == "missing":
            lines.append(f"{path} is missing{_example(model, location)}")
        else:
            lines.append(f"{path}: {item['msg'].removeprefix('Value error, ')}")
    return "; ".join(lines)


def parse(model: type[M], data: Any, source: Any) -> M:
    """`data` as a `model`, or a `FameError` that names `source`, the path and the remedy."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        section = str(source).rsplit(": ", 1)[-1]  # such as `merge` of a recipe
        raise FameError(f"{source}: {describe(error, model, section)}") from None


def check_keys(given: Iterable[str], known: Iterable[str], source: str) -> None:
    """Refuse the first unknown key and suggest the nearest known one."""
    choices = sorted(known)
    for key in given:
        if key not in choices:
            close = difflib.get_close_matches(key, choices, 1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(choices)}"
            raise FameError(f"{source}: unknown key {key}{hint}")


def scale_path(name: str) -> Path:
    """The file of a scale given by name (`mini`) or by path (`config/examples/own_videos.yaml`)."""
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    path = SCALES / f"{name}.yaml"
    if not path.is_file():
        known = sorted(file.stem for file in SCALES.glob("*.yaml"))
        close = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise FameError(
            f"there is no scale {name!r} (known: {', '.join(known)}, or a path to a file){hint}"
        )
    return path


def load_scale(name: str) -> Scale:
    """A validated scale, by name or path."""
    path = scale_path(name)
    return parse(Scale, read_yaml(path), path)


def load_table(path: Path) -> Table:
    """A validated table file; its name must be the file's."""
    table = parse(Table, read_yaml(path), path)
    if table.name != path.stem:
        raise FameError(f"{path}: its name is {table.name!r}; rename the file or the table")
    return table


def load_figures(path: Path) -> Figures:
    """A validated figures file."""
    return parse(Figures, read_yaml(path), path)
