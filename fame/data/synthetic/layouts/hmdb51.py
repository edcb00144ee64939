"""HMDB51: `<class>/<film>_<class>_<tags>_<n>.avi` and one list a class for split 1.

File names start with the title of the film that the clip was cut from, punctuation included;
films of the training and of the test videos differ. A list's tag is 1 for train, 2 for test and
0 for a video that the split leaves out.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from fame.data.synthetic.layouts.entry import Entry

TAGS = {"unused": 0, "train": 1, "test": 2}
FILMS = {
    "train": ("Moving_Blobs!_(1996)", "Up_&_Down_#3", "Lobe_+_Stripe", "April_09", "Dots"),
    "test": ("Round;_and_Round!!!", "RE-_Home_Video_[HQ]", "(Trailer)_Sprites_@_Play"),
    "unused": ("Left_Overs_~_2", "Cut_Scenes_(9_of_9)"),
}


def class_name(words: tuple[str, str]) -> str:
    """Two words with an underscore, as in "brush_hair"."""
    return "_".join(words)


def video_path(class_name: str, split: str, number: int, rng: np.random.Generator) -> str:
    """The path of a class's video of that number; the view and quality tags come from `rng`."""
    films = FILMS[split]
    clip, place = divmod(number, len(films))
    camera, view = rng.choice(("cm", "nm")), rng.choice(("fr", "ba", "le", "ri"))
    tags = f"f_{camera}_np1_{view}_{rng.choice(('goo', 'med', 'bad'))}"
    return f"{class_name}/{films[place]}_{class_name}_{tags}_{clip}.avi"


def write_annotations(folder: Path, entries: Sequence[Entry]) -> None:
    """Write `<class>_test_split1.txt` for every class, sorted by file name."""
    lines = defaultdict(list)
    for entry in entries:
        lines[entry.class_name].append(f"{PurePosixPath(entry.path).name} {TAGS[entry.split]} \n")
    for name, rows in lines.items():
        (folder / f"{name}_test_split1.txt").write_text("".join(sorted(rows)), newline="")
