"""UCF101 and HMDB51 together, to pretrain on the training videos of both.

The root holds `UCF-101` and `jhmdb` (JHMDB's clips are HMDB51's; a link to all of HMDB51 serves as
well), each in its official layout; the lists are in `ucf101` and `hmdb51`. A video keeps its split,
so no test video of either is ever pretrained on. Split k is split k of both. Class names of the two
cannot clash: UCF101 writes `CapitalLetters`, HMDB51 `small_letters`.

Nothing is downloaded for it: each dataset is acquired by itself.
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from fame.data.annotations import Annotations
from fame.data.datasets import hmdb51, ucf101
from fame.data.datasets.common import Dataset

SPLITS = ("train", "test", "unused")
OFFICIAL_SPLITS = 3

_FOLDERS = {"UCF-101": ("ucf101", ucf101.match), "jhmdb": ("hmdb51", hmdb51.match)}


def match(root: Path, annotations: Path, split: int) -> Annotations:
    """The videos of one split of both datasets, with paths below their common `root`.

    Args:
        root: folder that holds `UCF-101` and `jhmdb`.
        annotations: folder that holds the lists, in `ucf101` and `hmdb51`.
        split: 1, 2 or 3.

    Raises:
        FameError: as for each dataset.
    """
    parts = [
        _below(folder, read(root / folder, annotations / lists, split))
        for folder, (lists, read) in _FOLDERS.items()
    ]
    return Annotations(
        pd.concat([part.table for part in parts], ignore_index=True),
        [name for part in parts for name in part.classes],
        tuple(path for part in parts for path in part.absent),
        tuple(path for part in parts for path in part.unnamed),
    )


def _below(folder: str, part: Annotations) -> Annotations:
    """The same with the folder before every path, and before groups, which both count alike."""
    table = part.table.assign(path=folder + "/" + part.table["path"])
    return replace(
        part,
        table=table.assign(group=folder + " " + part.table["group"]),
        absent=tuple(f"{folder}/{path}" for path in part.absent),
        unnamed=tuple(f"{folder}/{path}" for path in part.unnamed),
    )


DATASET = Dataset(match=match)
