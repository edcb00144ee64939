"""UCF101: `<Class>/v_<Class>_gXX_cYY.avi`, a class index and a list a split, with CRLF ends.

As in split 1 of the real set, groups 1 to 7 are for testing and groups 8 to 25 for training.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fame.data.synthetic.layouts.entry import Entry

GROUPS = {"train": range(8, 26), "test": range(1, 8)}


def class_name(words: tuple[str, str]) -> str:
    """Two words run together, as in "ApplyLipstick"."""
    return "".join(word.capitalize() for word in words)


def video_path(class_name: str, split: str, number: int, rng: np.random.Generator) -> str:
    """The path of a class's video of that number within the split; nothing is drawn."""
    clip, place = divmod(number, len(GROUPS[split]))
    return f"{class_name}/v_{class_name}_g{GROUPS[split][place]:02d}_c{clip + 1:02d}.avi"


def write_annotations(folder: Path, entries: Sequence[Entry]) -> None:
    """Write `classInd.txt`, `trainlist01.txt` (with class numbers) and `testlist01.txt`."""
    classes = sorted({entry.class_name for entry in entries})
    numbers = {name: number for number, name in enumerate(classes, start=1)}
    train = [f"{e.path} {numbers[e.class_name]}" for e in entries if e.split == "train"]
    test = [entry.path for entry in entries if entry.split == "test"]
    _write_lines(folder / "classInd.txt", [f"{numbers[name]} {name}" for name in classes])
    _write_lines(folder / "trainlist01.txt", sorted(train))
    _write_lines(folder / "testlist01.txt", sorted(test))


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(line + "\r\n" for line in lines), newline="")
