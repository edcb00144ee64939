"""Official lists of each dataset, read into one kind of table."""

from pathlib import Path
from typing import Literal, get_args

from fame.core.errors import FameError
from fame.data.datasets import diving48, hmdb51, kinetics400, ucf101
from fame.data.datasets.lists import Annotations, Missing, refuse_absent

__all__ = ["Annotations", "Kind", "Missing", "match", "read", "refuse_absent"]

Kind = Literal["ucf101", "hmdb51", "kinetics400", "diving48"]


def read(
    kind: Kind, root: Path, annotations: Path | None, split: int = 1, missing: Missing = "error"
) -> Annotations:
    """As `match`, but too many absent videos are an error.

    Args:
        kind: the dataset's format.
        root: folder of the videos.
        annotations: folder of the lists; only Kinetics-400 can do without.
        split: official split (UCF101 and HMDB51 have 1, 2, 3; the others one).
        missing: "error" if every annotated video must be there, "skip" to leave out those that
            are not, as with a subset of UCF101, or the share of them that may be absent.

    Raises:
        FameError: as `match` and `refuse_absent` do.
    """
    found = match(kind, root, annotations, split)
    refuse_absent(found, root, missing)
    return found


def match(kind: Kind, root: Path, annotations: Path | None, split: int = 1) -> Annotations:
    """Read a dataset's lists and match them with the videos under `root`.

    Returns:
        The table, the classes in official order (those that have a video), and which videos are
        absent from the disk or from the lists.

    Raises:
        FameError: missing folder or list, malformed line, unknown class, repeated video.
    """
    if kind not in get_args(Kind):
        raise FameError(f"Dataset kind {kind!r} is unknown; use one of {get_args(Kind)}.")
    if kind == "kinetics400":
        return kinetics400.match(root, annotations)
    if annotations is None:
        raise FameError(f"{kind} needs the folder of its official lists; download them.")
    if kind == "diving48":
        return diving48.match(root, annotations)
    reader = ucf101 if kind == "ucf101" else hmdb51
    return reader.match(root, annotations, split)
