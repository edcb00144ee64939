"""The Manifest: one row per video, with a checked schema, stored as a parquet file."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fame.config.layouts import SPLITS
from fame.core.errors import FameError
from fame.core.files import replacing

COLUMNS = {
    "video": "str",
    "path": "str",
    "dataset": "str",
    "label": "str",
    "group": "str",
    "split": "str",
    "start": "int64",
    "frames": "int64",
    "fps": "float64",
    "width": "int64",
    "height": "int64",
    "status": "str",
}
"""Column names in order, with the type of each column's values."""

OK = "ok"

_NULLABLE = ("label", "group")
_IDENTITY = ["video", "path", "label", "split", "start", "frames", "width", "height", "status"]
_METADATA = b"fame"


@dataclass(frozen=True)
class Manifest:
    """The videos of one dataset, with their annotations and measured properties.

    Attributes:
        dataset: the dataset's name.
        root: paths in the table are relative to this folder.
        table: one row per video, columns as in `COLUMNS`: `video` (unique id), `path`
            (POSIX, relative to `root`), `label` (a class or null), `group` (all its videos share
            a split, for example the source film; or null), `split` (one of `SPLITS`), `start`
            (first frame used), `frames` (number of frames from `start`), `fps` (0 if
            unknown), `width`, `height` (pixels), `status` ("ok", or why it is quarantined).
        classes: class names in the official order; a class's number is its position here.
    """

    dataset: str
    root: Path
    table: pd.DataFrame
    classes: list[str]

    def __post_init__(self) -> None:
        """Order the columns and check every rule; raises FameError."""
        object.__setattr__(self, "table", _checked(self.table, self.classes, self.dataset))

    def __len__(self) -> int:
        """Number of rows, quarantined ones included."""
        return len(self.table)

    def select(self, split: str) -> "Manifest":
        """The usable (`ok`) videos of one split, in order.

        Raises:
            FameError: unknown split, or no usable video in it.
        """
        if split not in SPLITS:
            raise FameError(f"Split {split!r} is unknown; use one of {', '.join(SPLITS)}.")
        chosen = self.table[(self.table["split"] == split) & (self.table["status"] == OK)]
        if chosen.empty:
            raise FameError(f"Dataset {self.dataset} has no usable video in its {split} split.")
        return replace(self, table=chosen)

    def labelled(self) -> "Manifest":
        """This manifest, after checking that it has the labels that an evaluation needs.

        Raises:
            FameError: a usable training or test video has no label.
        """
        table = self.table[self.table["split"].isin(("train", "test"))]
        table = table[table["status"] == OK]
        bare = int(table["label"].isna().sum())
        if bare:
            raise FameError(
                f"Dataset {self.dataset} can only be pretrained on: {bare} of its {len(table)} "
                "training and test videos have no label; label them or mark them unused."
            )
        return self

    def untrained_classes(self) -> list[str]:
        """Classes that have a usable test video but no usable training video."""
        usable = self.table[self.table["status"] == OK]
        tested, trained = (
            set(usable["label"][usable["split"] == split].dropna()) for split in ("test", "train")
        )
        return [name for name in self.classes if name in tested - trained]

    def labels(self) -> np.ndarray:
        """Class numbers, `(rows,)` int64; -1 where a video has no label."""
        number = {name: position for position, name in enumerate(self.classes)}
        return np.array([number.get(name, -1) for name in self.table["label"]], dtype=np.int64)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of the rows, in order, and the classes; the root does not count."""
        rows = self.table[_IDENTITY].astype(object).where(self.table[_IDENTITY].notna(), None)
        text = json.dumps([self.classes, rows.to_numpy().tolist()], separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def write(self, path: Path) -> None:
        """Write a parquet file atomically."""
        head = {"dataset": self.dataset, "root": str(self.root), "classes": self.classes}
        content = pa.Table.from_pandas(self.table, preserve_index=False)
        content = content.replace_schema_metadata({_METADATA: json.dumps(head).encode()})
        with replacing(path) as file:
            pq.write_table(content, file)

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Read a manifest that `write` wrote.

        Raises:
            FameError: no such file, not a manifest, or rows that break a rule.
        """
        if not path.is_file():
            raise FameError(f"There is no manifest at {path}; index the dataset first.")
        try:
            content = pq.read_table(path)
            head = json.loads((content.schema.metadata or {})[_METADATA])
            dataset, root, classes = head["dataset"], Path(head["root"]), list(head["classes"])
        # ValueError includes bad JSON and undecodable text.
        except (pa.ArrowInvalid, KeyError, OSError, ValueError, TypeError) as error:
            raise FameError(f"{path} is not a manifest; index the dataset again.") from error
        table = content.replace_schema_metadata(None).to_pandas()
        return cls(dataset, root, table, classes)


def _checked(table: pd.DataFrame, classes: list[str], dataset: str) -> pd.DataFrame:
    """The table with ordered, typed columns and a new index; raises FameError."""
    wrong = sorted(set(table.columns) ^ set(COLUMNS))
    if wrong:
        raise FameError(f"The manifest of {dataset} lacks or does not know columns: {wrong}.")
    try:
        typed = table[list(COLUMNS)].astype(COLUMNS).reset_index(drop=True)
    except (TypeError, ValueError) as error:
        raise FameError(f"The manifest of {dataset} holds a wrong value: {error}.") from error
    for name in _NULLABLE:
        typed[name] = table[name].astype(object).where(table[name].notna(), None).to_numpy()
    if len(set(classes)) != len(classes):
        raise FameError(f"The manifest of {dataset} names a class twice.")
    for rule, broken in _rules(typed, classes, table).items():
        if broken.any():
            videos = typed["video"][broken].tolist()
            raise FameError(
                f"The manifest of {dataset} breaks a rule in {len(videos)} rows "
                f"(first {videos[0]!r}): {rule}."
            )
    return typed


def _rules(typed: pd.DataFrame, classes: list[str], given: pd.DataFrame) -> dict[str, pd.Series]:
    """Each rule, with the rows that break it; sizes are checked only where the status is ok."""
    required = [name for name in COLUMNS if name not in _NULLABLE]
    usable = typed["status"] == OK
    measures = typed[["frames", "width", "height"]]
    paths = typed["path"]
    null = given[required].isna().any(axis=1).set_axis(typed.index)
    return {
        "only label and group may be null": null,
        "video ids are unique and not empty": typed["video"].duplicated() | (typed["video"] == ""),
        "a path is relative to the root": paths.str.startswith("/") | (paths == ""),
        f"split is one of {SPLITS}": ~typed["split"].isin(SPLITS),
        "a label is one of the classes": typed["label"].notna() & ~typed["label"].isin(classes),
        "status is not empty": typed["status"] == "",
        "start, frames, width, height and fps are not negative": (
            (measures < 0).any(axis=1) | (typed["start"] < 0) | ~(typed["fps"] >= 0)
        ),
        "a usable video has frames, width and height": usable & (measures < 1).any(axis=1),
    }
