"""Data of the figures of masks and merging, as plain arrays in .npz files. No torch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from fame.core.errors import FameError
from fame.core.files import replacing

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Masked:
    """One frame of a clip with the clip's mask by each variant.

    Attributes:
        title: what the clip is called.
        frame: (H, W, 3) uint8 RGB, the middle one.
        masks: variant to (H, W) float32 in [0, 1], 1 = foreground; left to right.
    """

    title: str
    frame: Bytes
    masks: dict[str, Floats]


@dataclass(frozen=True)
class TrainingPair:
    """A positive pair as a training step makes it; clips are (T, S, S, 3) floats in [0, 1].

    Attributes:
        first: the clip that is merged: cropped, resized, flipped.
        second: the other clip of the same video, likewise.
        donor: the clip that gives the background.
        mask: (S, S) in [0, 1], of `first`.
        merged: `first` inside the mask, `donor` outside.
        first_view: the merged clip after grey, jitter and blur.
        second_view: the view made from `second`; merged too, if the recipe merges both.
        both: whether the recipe merges both.
        video: the video's id.
    """

    first: Floats
    second: Floats
    donor: Floats
    mask: Floats
    merged: Floats
    first_view: Floats
    second_view: Floats
    both: bool
    video: str


def write_pair(path: Path, pair: TrainingPair, dataset: str) -> None:
    """Write a training pair of a dataset as .npz."""
    _write(path, asdict(pair) | {"dataset": dataset})


def read_pair(path: Path) -> tuple[TrainingPair, str]:
    """The pair that `write_pair` wrote, and its dataset.

    Raises:
        FameError: no such file, or of another kind.
    """
    arrays = _read(path, "fame training-pair", {*TrainingPair.__annotations__, "dataset"})
    dataset, both, video = (arrays.pop(name).item() for name in ("dataset", "both", "video"))
    return TrainingPair(both=both, video=video, **arrays), dataset


def write_masked(path: Path, examples: Sequence[Masked], dataset: str) -> None:
    """Write masked frames of a dataset as .npz; all have the same variants."""
    arrays: dict[str, Any] = {
        "dataset": dataset,
        "titles": [example.title for example in examples],
        "variants": list(examples[0].masks),
    }
    for number, example in enumerate(examples):
        arrays[f"frame {number}"] = example.frame
        arrays |= {f"{name} {number}": mask for name, mask in example.masks.items()}
    _write(path, arrays)


def read_masked(path: Path) -> tuple[list[Masked], str]:
    """The frames that `write_masked` wrote, and their dataset.

    Raises:
        FameError: no such file, or of another kind.
    """
    arrays = _read(path, "fame masked-clips", {"dataset", "titles", "variants"})
    names = arrays["variants"].tolist()
    examples = [
        Masked(title, arrays[f"frame {n}"], {name: arrays[f"{name} {n}"] for name in names})
        for n, title in enumerate(arrays["titles"].tolist())
    ]
    return examples, arrays["dataset"].item()


def _write(path: Path, arrays: dict[str, Any]) -> None:
    with replacing(path) as file:
        np.savez_compressed(file, **arrays)


def _read(path: Path, command: str, names: set[str]) -> dict[str, npt.NDArray[Any]]:
    """All arrays of a file, which must include those in `names`."""
    try:
        with path.open("rb") as file, np.load(file) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise FameError(f"{path}: no such file; make it with `{command}`") from None
    except (OSError, EOFError, AttributeError, TypeError, ValueError, BadZipFile) as error:
        raise FameError(f"{path}: not what `{command}` writes ({error}); redo it") from None
    if lacking := names - set(arrays):
        raise FameError(f"{path}: not what `{command}` writes (no {min(lacking)}); redo it")
    return arrays
