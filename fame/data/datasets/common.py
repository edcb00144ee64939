"""What a dataset declares, so that nothing else has to know it.

A dataset is one file of this folder, or a `.py` file anywhere that a scale names by its path. It
ends in `DATASET = Dataset(...)` and states two literals, which the configuration reads without
importing the file:

    SPLITS = ("train", "test")   # the sides that its lists put labelled videos on
    OFFICIAL_SPLITS = 1          # how many divisions into these sides were published

Evaluation reads the side `test` and no other. A dataset that the field tests on its validation
list therefore calls that side `test`, and says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from string import ascii_letters, digits

import numpy as np

from fame.data.annotations import Annotations

_ID_LETTERS = ascii_letters + digits + "-_"

Place = Callable[[PurePosixPath], str | None]
"""From a file's path inside an archive to its path below a folder; None leaves it out."""


@dataclass(frozen=True)
class WrittenVideo:
    """A video of a mini world, as its annotations need to know it.

    Attributes:
        path: relative to `videos/`, with forward slashes.
        split: "train", "val", "test" or "unused".
        class_name: as the dataset spells it.
        scene: its scene type.
        frames: of the whole file.
    """

    path: str
    split: str
    class_name: str
    scene: int
    frames: int


@dataclass(frozen=True)
class WorldLayout:
    """How a mini world is laid out and annotated like the dataset.

    Attributes:
        class_name: joins a class's two words ("slow", "sway") as the dataset spells classes.
        video_path: where a video lies below `videos/`, given its class's name, its split, its
            number within both, and a generator of random numbers that is its own.
        write_annotations: writes the lists of all videos into an existing folder.
    """

    class_name: Callable[[tuple[str, str]], str]
    video_path: Callable[[str, str, int, np.random.Generator], str]
    write_annotations: Callable[[Path, Sequence[WrittenVideo]], None]


@dataclass(frozen=True)
class Archives:
    """Where the files of the dataset's archives go, so that the official layout comes out.

    Attributes:
        place_videos: given the part of config/datasets.yaml that is unpacked and the folder of the
            lists (None if there is none), the places of video files.
        list_folder: where lists go below the folder of the annotations.
    """

    place_videos: Callable[[str, Path | None], Place]
    list_folder: str = ""


@dataclass(frozen=True)
class Dataset:
    """A dataset in its official layout.

    Attributes:
        match: reads the lists and matches them with the videos, given the folder of the videos,
            the folder of the lists (or a list), and which official split, from 1.
        match_folders: does so where there are no lists, given the folder of the videos; None if
            the lists are needed.
        archives: how downloads are arranged; None if the dataset cannot be downloaded.
        world: how a mini world looks like it; None if there is no such world.
    """

    match: Callable[[Path, Path, int], Annotations]
    match_folders: Callable[[Path], Annotations] | None = None
    archives: Archives | None = None
    world: WorldLayout | None = None


def draw_id(rng: np.random.Generator) -> str:
    """An id like YouTube's: 11 characters, of which 64 ** 11 leave no room for a clash."""
    return "".join(_ID_LETTERS[place] for place in rng.integers(len(_ID_LETTERS), size=11))
