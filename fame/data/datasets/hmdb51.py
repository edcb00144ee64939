"""HMDB51: one list per class and split, lines "file tag" with tag 1 train, 2 test, 0 unused.

Each official split has 3570 train and 1530 test videos (facts E3). The part of a file's name before
`_<class>_` is the film, which is the group.

A mini world has `<class>/<film>_<class>_<tags>_<n>.avi` and the lists of split 1. Film titles
contain punctuation, and training and test videos have different films.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from fame.core.errors import FameError
from fame.data.annotations import Annotations, Row, checked, lines, resolve
from fame.data.datasets.common import Archives, Dataset, Place, WorldLayout, WrittenVideo

SPLITS = ("train", "test", "unused")
OFFICIAL_SPLITS = 3

FOLDER = "testTrainMulti_7030_splits"
_TAGS = {"0": "unused", "1": "train", "2": "test"}
_TAG_OF = {split: tag for tag, split in _TAGS.items()}
_LIST = re.compile(r"(.+)_test_split(\d)\.txt")
_WORLD_FILMS = {
    "train": ("Moving_Blobs!_(1996)", "Up_&_Down_#3", "Lobe_+_Stripe", "April_09", "Dots"),
    "test": ("Round;_and_Round!!!", "RE-_Home_Video_[HQ]", "(Trailer)_Sprites_@_Play"),
    "unused": ("Left_Overs_~_2", "Cut_Scenes_(9_of_9)"),
}


def parse(annotations: Path, split: int) -> Annotations:
    """Read the lists of one split, without looking for videos.

    Args:
        annotations: folder of the lists, or a folder that contains `FOLDER`.
        split: 1, 2 or 3.

    Raises:
        FameError: no list of that split, a malformed line, a repeated video.
    """
    folder = annotations / FOLDER if (annotations / FOLDER).is_dir() else annotations
    names = [_LIST.fullmatch(path.name) for path in folder.glob("*.txt")]
    classes = sorted(name[1] for name in names if name and name[2] == str(split))
    if not classes:
        raise FameError(f"{folder} holds no list of split {split}; download the HMDB51 splits.")
    rows = [
        _row(text, label, f"{source}, line {number}")
        for label in classes
        for source in [folder / f"{label}_test_split{split}.txt"]
        for number, text in lines(source)
    ]
    return checked(rows, classes, folder)


def match(root: Path, annotations: Path, split: int) -> Annotations:
    """The videos of one split that are under `root`; see `resolve` for errors."""
    return resolve(parse(annotations, split), root)


def _row(text: str, label: str, where: str) -> Row:
    name, _, tag = text.rpartition(" ")
    name = name.strip()
    if tag not in _TAGS or not name:
        raise FameError(f"{where}: expected a file name and the tag 0, 1 or 2.")
    film, separator, _ = name.rpartition(f"_{label}_")
    return Row(Path(name).stem, f"{label}/{name}", label, film if separator else None, _TAGS[tag])


def place_videos(part: str, annotations: Path | None) -> Place:
    """Class folders: the first folder of each path, the name of its inner RAR, is the class."""
    return _place


def _place(path: PurePosixPath) -> str | None:
    return f"{path.parts[0]}/{path.name}" if len(path.parts) > 1 else None


def class_name(words: tuple[str, str]) -> str:
    """Two words with an underscore, as in "brush_hair"."""
    return "_".join(words)


def video_path(class_name: str, split: str, number: int, rng: np.random.Generator) -> str:
    """A video's path; its view and quality tags are random."""
    films = _WORLD_FILMS[split]
    clip, place = divmod(number, len(films))
    camera, view = rng.choice(("cm", "nm")), rng.choice(("fr", "ba", "le", "ri"))
    tags = f"f_{camera}_np1_{view}_{rng.choice(('goo', 'med', 'bad'))}"
    return f"{class_name}/{films[place]}_{class_name}_{tags}_{clip}.avi"


def write_annotations(folder: Path, videos: Sequence[WrittenVideo]) -> None:
    """Write `<class>_test_split1.txt` for every class, sorted by file name."""
    texts = defaultdict(list)
    for video in videos:
        name = PurePosixPath(video.path).name
        texts[video.class_name].append(f"{name} {_TAG_OF[video.split]} \n")
    for label, rows in texts.items():
        (folder / f"{label}_test_split1.txt").write_text("".join(sorted(rows)), newline="")


DATASET = Dataset(
    match=match,
    archives=Archives(place_videos, list_folder=FOLDER),
    world=WorldLayout(class_name, video_path, write_annotations),
)
