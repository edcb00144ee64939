"""Diving48 V2: `rgb/<source>_<number>.mp4`, two JSON lists and a vocabulary of four-part dives.

As in the real set the vocabulary has a dive more than the videos show, and a list says from which
frame to which a video counts: every second one here lacks an eighth of its file at either end.
"""

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from string import ascii_letters, digits
from typing import Any

import numpy as np

from fame.data.synthetic.layouts.entry import Entry

ALPHABET = ascii_letters + digits + "-_"
UNUSED = "steady_hover_NoTwis_FREE"
"""A dive of the vocabulary that no video shows."""


def class_name(words: tuple[str, str]) -> str:
    """Two words, and a dive's last two attributes, as in "Back_15som_NoTwis_FREE"."""
    return "_".join((*words, "NoTwis", "FREE"))


def video_path(class_name: str, split: str, number: int, rng: np.random.Generator) -> str:
    """A path with an 11-character source drawn from `rng`; 64 ** 11 leave no room for a clash."""
    letters = (ALPHABET[place] for place in rng.integers(len(ALPHABET), size=11))
    return f"rgb/{''.join(letters)}_{number:05d}.mp4"


def write_annotations(folder: Path, entries: Sequence[Entry]) -> None:
    """Write `Diving48_V2_{train,test}.json`, in the order given, and `Diving48_vocab.json`."""
    dives = sorted({entry.class_name for entry in entries} | {UNUSED})
    _write(folder / "Diving48_vocab.json", [dive.split("_") for dive in dives])
    for split in ("train", "test"):
        chosen = [entry for entry in entries if entry.split == split]
        rows = [_row(entry, place, dives) for place, entry in enumerate(chosen)]
        _write(folder / f"Diving48_V2_{split}.json", rows)


def _row(entry: Entry, place: int, dives: list[str]) -> dict[str, Any]:
    cut = entry.frames // 8 if place % 2 else 0
    return {
        "vid_name": PurePosixPath(entry.path).stem,
        "label": dives.index(entry.class_name),
        "start_frame": cut,
        "end_frame": entry.frames - cut,
    }


def _write(path: Path, content: list[Any]) -> None:
    path.write_text(json.dumps(content), newline="")
