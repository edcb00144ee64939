"""Worlds and encoders that one batch of a stage has made, for the next that would make the same."""

import os
import shutil
from pathlib import Path
from typing import Any

from fame.config.reading import read_yaml

TRAINING = ("datasets", "backbones", "pretrain", "fit", "seeds", "name")
"""What a scale says that encoders depend on."""

WORLDS = ("datasets", "fit", "seeds", "name")
"""What worlds and manifests depend on."""


def take_over(folder: Path) -> None:
    """Link a batch's worlds and encoders from finished batches beside it, as far as they are equal.

    Links keep the times of files, by which the workflow knows what is finished. What a batch has
    already stays as it is.

    Args:
        folder: of the batch, with its `scale.yaml`.
    """
    scale = read_yaml(folder / "scale.yaml")
    results = folder / "results" / scale["name"]
    others = (other for other in sorted(folder.parent.iterdir()) if _finished(other, folder))
    for other in others:
        theirs = read_yaml(other / "scale.yaml")
        made = other / "results" / theirs["name"]
        if _equal(scale, theirs, WORLDS):
            _link(made / "data", results / "data")
        if _equal(scale, theirs, TRAINING):
            _link(made / "pretrain", results / "pretrain")


def _finished(other: Path, folder: Path) -> bool:
    """Whether another batch has come to its end: its tables are there."""
    return other != folder and any((other / "results").glob("table*.csv"))


def _equal(one: dict[str, Any], other: dict[str, Any], parts: tuple[str, ...]) -> bool:
    return all(one[part] == other[part] for part in parts)


def _link(source: Path, target: Path) -> None:
    """Link every product that the target lacks; half of one would pass for the whole."""
    for product in sorted(source.glob("*")):
        place = target / product.name
        if not place.exists():
            half = target / f".{product.name}.part"
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(product, half, copy_function=os.link)
            half.rename(place)
