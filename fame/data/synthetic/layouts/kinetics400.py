"""Kinetics-400: `<split>/<class with spaces>/<YouTube id>_000000_000010.mp4` and one CSV a split.

The annotations are CSV files with the official header; labels with spaces are quoted.
"""

from collections.abc import Sequence
from pathlib import Path
from string import ascii_letters, digits

import numpy as np

from fame.data.synthetic.layouts.entry import Entry

HEADER = "label,youtube_id,time_start,time_end,split,is_cc"
ALPHABET = ascii_letters + digits + "-_"
SUFFIX = "_000000_000010.mp4"


def class_name(words: tuple[str, str]) -> str:
    """Two words with a space, as in "arm wrestling"."""
    return " ".join(words)


def video_path(class_name: str, split: str, number: int, rng: np.random.Generator) -> str:
    """A path with an 11-character id drawn from `rng`; 64 ** 11 ids leave no room for a clash."""
    letters = (ALPHABET[place] for place in rng.integers(len(ALPHABET), size=11))
    return f"{split}/{class_name}/{''.join(letters)}{SUFFIX}"


def write_annotations(folder: Path, entries: Sequence[Entry]) -> None:
    """Write `train.csv` and `val.csv`, sorted by label and id."""
    for split in ("train", "val"):
        rows = sorted(_row(entry) for entry in entries if entry.split == split)
        (folder / f"{split}.csv").write_text("\n".join([HEADER, *rows, ""]), newline="")


def _row(entry: Entry) -> str:
    youtube_id = Path(entry.path).name.removesuffix(SUFFIX)
    return f'"{entry.class_name}",{youtube_id},0,10,{entry.split},0'
