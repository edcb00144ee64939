"""What a dataset's file declares.

A dataset is one file in this folder, or a `.py` file that a scale names by its path. It ends in
`DATASET = Dataset(...)` and states two literals, which the configuration reads without importing
the file:

    SPLITS = ("train", "test")   # the splits that have labelled videos
    OFFICIAL_SPLITS = 1          # how many divisions into these splits were published

Evaluation reads the split `test` only. A dataset whose validation list is commonly used for testing
therefore calls that split `test`, and says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from string import ascii_letters, digits

import numpy as np

from fame.data.annotations import Annotations

_ID_LETTERS = ascii_letters + digits + "-_"

Place = Callable[[PurePosixPath], str | None]
"""Path inside an archive -> path below the target folder; None skips the file."""


@dataclass(frozen=True)
class WrittenVideo:
    """A video of a mini world, for writing annotations.

    Attributes:
        path: relative to `videos/`, with forward slashes.
        split: "train", "val", "test" or "unused".
        class_name: as the dataset spells it.
        scene: its scene type.
        frames: number of frames in the file.
    """

    path: str
    split: str
    class_name: str
    scene: int
    frames: int


@dataclass(frozen=True)
class WorldLayout:
    """How a mini world imitates the dataset's folders and annotations.

    Attributes:
        class_name: joins a class's two words ("slow", "sway") in the dataset's spelling.
        video_path: a video's path below `videos/`, given its class name, its split, its number
            within both, and a random generator of its own.
        write_annotations: writes the lists of all videos to an existing folder.
    """

    class_name: Callable[[tuple[str, str]], str]
    video_path: Callable[[str, str, int, np.random.Generator], str]
    write_annotations: Callable[[Path, Sequence[WrittenVideo]], None]


@dataclass(frozen=True)
class Archives:
    """Where the files of the dataset's archives go, to give the official layout.

    Attributes:
        place_videos: returns the places of video files, given the part of config/datasets.yaml that
            is unpacked and the folder of the lists (None if there is none).
        list_folder: where lists go, below the folder of annotations.
    """

    place_videos: Callable[[str, Path | None], Place]
    list_folder: str = ""


@dataclass(frozen=True)
class Dataset:
    """A dataset in its official layout.

    Attributes:
        match: reads the lists and matches them with the videos, given the folder of videos, the
            folder of lists (or one list), and the official split, from 1.
        match_folders: the same without lists, given the folder of videos; None if lists are
            required.
        archives: how downloaded files are arranged; None if the dataset cannot be downloaded.
        world: how a mini world imitates it; None if none can.
    """

    match: Callable[[Path, Path, int], Annotations]
    match_folders: Callable[[Path], Annotations] | None = None
    archives: Archives | None = None
    world: WorldLayout | None = None


def draw_id(rng: np.random.Generator) -> str:
    """A random id like YouTube's: 11 characters of 64, so a clash is all but impossible."""
    return "".join(_ID_LETTERS[place] for place in rng.integers(len(_ID_LETTERS), size=11))
