"""A scale of the repository with some values changed."""

import copy
from pathlib import Path
from typing import Any

from fame.config import reading
from fame.config.reading import parse, read_yaml
from fame.config.scale import Scale


def scale_with(changes: dict[str, Any], name: str = "mini") -> Scale:
    """A scale with some values, given by dotted path, set otherwise."""
    data = copy.deepcopy(read_yaml(reading.SCALES / f"{name}.yaml"))
    for path, value in changes.items():
        *parents, last = path.split(".")
        node: Any = data
        for key in parents:
            node = node[key]
        node[last] = value
    return parse(Scale, data, name)


def with_all_rows(folder: Path, name: str = "mini") -> Path:
    """A file of a scale that measures the rows of the comparison too."""
    text = (reading.SCALES / f"{name}.yaml").read_text(encoding="utf-8")
    assert "\nrows: core" in text
    file = folder / f"{name}.yaml"
    file.write_text(text.replace("\nrows: core", "\nrows: all"), encoding="utf-8")
    return file
