"""The datasets, one file each, found by `fame.core.registry`; see `common`."""

from pathlib import Path

from fame.core import registry
from fame.core.errors import FameError
from fame.data.annotations import Annotations, Missing, refuse_absent
from fame.data.datasets.common import Archives, Dataset, WorldLayout

__all__ = ["archives", "get", "match", "read", "world_layout"]


def get(name: str) -> Dataset:
    """A dataset by name, or by the path of a `.py` file.

    Raises:
        FameError: there is no such dataset, or its file declares none.
    """
    dataset = registry.load(__name__, name, "DATASET")
    if not isinstance(dataset, Dataset):
        raise FameError(f"DATASET of '{name}' is not a Dataset of fame.data.datasets.common.")
    return dataset


def archives(name: str) -> Archives:
    """How a dataset's downloaded files are arranged.

    Raises:
        FameError: as `get`, or the dataset does not say.
    """
    arrangement = get(name).archives
    if arrangement is None:
        raise FameError(f"'{name}' does not say how its archives are arranged; add archives to it.")
    return arrangement


def world_layout(name: str) -> WorldLayout:
    """How a mini world imitates a dataset's layout.

    Raises:
        FameError: as `get`, or the dataset does not say.
    """
    layout = get(name).world
    if layout is None:
        raise FameError(f"'{name}' does not say how a world is laid out like it; add world to it.")
    return layout


def read(
    kind: str, root: Path, annotations: Path | None, split: int = 1, missing: Missing = "error"
) -> Annotations:
    """As `match`, but raises if too many videos are absent.

    Args:
        kind: the dataset, by name or by path.
        root: folder of the videos.
        annotations: folder of the lists; None only for datasets that need none.
        split: official split, from 1.
        missing: "error" if no annotated video may be absent, "skip" to leave out those that are
            (as with a subset of UCF101), or the share that may be absent.

    Raises:
        FameError: as `match` and `refuse_absent` do.
    """
    matched = match(kind, root, annotations, split)
    refuse_absent(matched, root, missing)
    return matched


def match(kind: str, root: Path, annotations: Path | None, split: int = 1) -> Annotations:
    """Read a dataset's lists and match them with the videos under `root`; arguments as for `read`.

    Returns:
        The table, the classes in official order (those that have a video), and which videos are
        absent from the disk or from the lists.

    Raises:
        FameError: unknown dataset, missing folder or list, malformed line, unknown class, repeated
            video.
    """
    dataset = get(kind)
    if annotations is not None:
        return dataset.match(root, annotations, split)
    if dataset.match_folders is None:
        raise FameError(f"{kind} needs the folder of its official lists; download them.")
    return dataset.match_folders(root)
