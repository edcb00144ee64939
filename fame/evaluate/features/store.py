"""Features of a dataset's videos under one encoder, and their file.

No torch here: retrieval and the reports read features without it.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fame.core.errors import FameError
from fame.core.files import replacing
from fame.pipeline.paths import features_file

_ARRAYS = ("features", "labels", "videos", "groups", "splits", "classes", "meta")


@dataclass(frozen=True)
class Features:
    """Pooled features of uniform clips, N videos.

    Attributes:
        features: (N, clips, D) float32 as the encoder pools them: neither L2-normalised nor
            averaged.
        labels: (N,) int64 index into `classes`, -1 if unknown.
        videos: (N,) video ids, unique.
        groups: (N,) the source that a video was cut from, "" if unknown.
        splits: (N,) "train", "test" or another split of the manifest.
        classes: names in the order of the labels.
        meta: where the features come from, as JSON data.

    Raises:
        FameError: if shapes disagree, or a value is NaN or infinite.
    """

    features: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    videos: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_]
    splits: npt.NDArray[np.str_]
    classes: list[str]
    meta: dict[str, Any]

    def __post_init__(self) -> None:
        if self.features.ndim != 3 or self.features.dtype != np.float32:
            kind = f"{self.features.dtype} {self.features.shape}"
            raise FameError(f"features must be float32 (videos, clips, dimensions), not {kind}")
        for name in ("labels", "videos", "groups", "splits"):
            shape = getattr(self, name).shape
            if shape != self.features.shape[:1]:
                raise FameError(f"features of {len(self.features)} videos have {name} of {shape}")
        if not np.isfinite(self.features).all():
            raise FameError(
                "features contain NaN or infinity: the encoder diverged; pretrain it again"
            )
        if len(self.labels) and not -1 <= self.labels.min() <= self.labels.max() < self.count:
            raise FameError(f"features have labels outside -1 .. {self.count - 1}")

    @property
    def origin(self) -> dict[str, Any]:
        """The run, data, dataset and seed, which a result records too."""
        return {key: self.meta[key] for key in ("run", "data", "dataset", "seed")}

    @property
    def count(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def untrained(self) -> list[str]:
        """Classes that have test videos but no training video, in order."""
        tested, trained = (set(self.labels[self.splits == split]) for split in ("test", "train"))
        return [name for number, name in enumerate(self.classes) if number in tested - trained]

    def rows(self, split: str) -> npt.NDArray[np.int64]:
        """Indices of a split's labelled videos, ascending.

        Raises:
            FameError: if the split is empty, or one of its videos has no label.
        """
        rows = np.flatnonzero(self.splits == split)
        if not len(rows):
            raise FameError(f"features have no video of split {split!r}; check the manifest")
        missing = rows[self.labels[rows] < 0]
        if len(missing):
            video = self.videos[missing[0]]
            raise FameError(f"{video}: no label, which its split {split!r} needs; label it")
        return rows

    def save(self, path: Path) -> None:
        """Write an `.npz` of plain arrays (nothing pickled) atomically."""
        arrays: dict[str, Any] = {
            "features": self.features,
            "labels": self.labels,
            "videos": self.videos.astype(np.str_),
            "groups": self.groups.astype(np.str_),
            "splits": self.splits.astype(np.str_),
            "classes": np.array(self.classes, dtype=np.str_),
            "meta": np.array(json.dumps(self.meta, sort_keys=True)),
        }
        with replacing(path) as file:
            np.savez(file, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> "Features":
        """Read what `save` wrote.

        Raises:
            FameError: if the file is missing, damaged or of another kind.
        """
        arrays = read_arrays(path, _ARRAYS)
        try:
            meta = json.loads(str(arrays.pop("meta")))
        except ValueError as error:
            raise FameError(f"{path}: its meta is not JSON ({error}); extract again") from None
        return cls(classes=arrays.pop("classes").tolist(), meta=meta, **arrays)


def read_arrays(path: Path, names: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
    """Named arrays of an `.npz`, refusing pickled ones.

    Raises:
        FameError: if the file is missing, damaged or lacks one of the names.
    """
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except (FileNotFoundError, NotADirectoryError):
        raise FameError(f"{path}: no such features; extract them first") from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise FameError(
            f"{path}: not a whole features file ({error}); delete it and extract again"
        ) from None


def load_in(folder: Path, normalisation: str) -> Features:
    """Features of a folder with the named normalisation, which they must have been encoded with.

    Raises:
        FameError: they were not, or the file is missing or damaged.
    """
    source = folder / features_file(normalisation)
    features = Features.load(source)
    encoded = features.meta.get("normalisation")
    if encoded != normalisation:
        raise FameError(
            f"{source}: encoded with the normalisation {encoded!r} and not {normalisation!r} "
            "as it is named; extract the features again"
        )
    return features
