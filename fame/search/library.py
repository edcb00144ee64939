"""The file of `fame embed`: a set of videos with one vector each. No torch.

Each row records its video's path, size and modification time, so that a later call need not
decode unchanged videos again.
"""

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from fame.core.errors import FameError
from fame.core.files import replacing, shown

OK = "ok"

SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("bytes", pa.int64()),
        ("modified_ns", pa.int64()),
        ("frames", pa.int64()),
        ("status", pa.string()),
        ("embedding", pa.list_(pa.float32())),
    ]
)

_ESCAPED = re.compile(rb"\\x([89a-f][0-9a-f])")
"""A byte in a file's name that is not UTF-8, as `shown` writes it."""

_METADATA = b"fame-embed"
_ORIGIN = {"encoder", "encoder_sha256", "settings", "shown"}


@dataclass(frozen=True)
class Stamp:
    """The identity and state of a video file.

    Attributes:
        path: absolute.
        bytes: its size, -1 if it cannot be read.
        modified_ns: its modification time, in nanoseconds since 1970.
    """

    path: str
    bytes: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path) -> "Stamp":
        """The stamp of a file now; bytes of its name that are not UTF-8 become hexadecimal."""
        name = shown(path)
        try:
            state = path.stat()
        except OSError:
            return cls(name, -1, 0)
        return cls(name, state.st_size, state.st_mtime_ns)

    @property
    def file(self) -> Path:
        """The file itself, with the bytes of its name that `path` has as hexadecimal."""
        if os.path.lexists(self.path):
            return Path(self.path)
        raw = _ESCAPED.sub(lambda hit: bytes.fromhex(hit[1].decode()), os.fsencode(self.path))
        return Path(os.fsdecode(raw))


@dataclass(frozen=True)
class Row:
    """One video.

    Attributes:
        stamp: which file, in which state.
        frames: number of decoded frames; 0 if it was skipped.
        status: `ok`, or why the video was skipped.
        embedding: (D,) float32 of length 1, None if it was skipped.
    """

    stamp: Stamp
    frames: int
    status: str
    embedding: npt.NDArray[np.float32] | None


@dataclass(frozen=True)
class Library:
    """Videos under one encoder.

    Attributes:
        origin: `encoder` (its path), `encoder_sha256`, `settings` (of the encoder) and `shown`
            (see `fame.evaluate.features.clipspec.ClipSpec`), as JSON data.
        rows: by path.
    """

    origin: dict[str, Any]
    rows: dict[str, Row]

    def usable(self) -> tuple[list[Row], npt.NDArray[np.float64]]:
        """The rows with a vector, N of them sorted by path, and the vectors, (N, D)."""
        rows = [self.rows[path] for path in sorted(self.rows)]
        rows = [row for row in rows if row.status == OK]
        vectors = [row.embedding for row in rows if row.embedding is not None]
        return rows, np.array(vectors, dtype=np.float64)

    def differences(self, origin: dict[str, Any]) -> list[str]:
        """Why vectors of another origin cannot be mixed with these, in words; empty if they can."""
        if self.origin["encoder_sha256"] != origin["encoder_sha256"]:
            return ["another encoder"]
        mine, other = self.origin["shown"], origin["shown"]
        return [
            f"{name} {mine.get(name)} instead of {other.get(name)}"
            for name in sorted(mine.keys() | other.keys())
            if mine.get(name) != other.get(name)
        ]

    def write(self, path: Path) -> None:
        """Write parquet atomically, rows sorted by path."""
        rows = [self.rows[name] for name in sorted(self.rows)]
        columns = [
            [row.stamp.path for row in rows],
            [row.stamp.bytes for row in rows],
            [row.stamp.modified_ns for row in rows],
            [row.frames for row in rows],
            [row.status for row in rows],
            [row.embedding for row in rows],
        ]
        arrays = [
            pa.array(values, kind)
            for values, kind in zip(columns, (field.type for field in SCHEMA), strict=True)
        ]
        metadata = {_METADATA: json.dumps(self.origin, sort_keys=True).encode()}
        with replacing(path) as file:
            pq.write_table(
                pa.Table.from_arrays(arrays, schema=SCHEMA.with_metadata(metadata)), file
            )

    @classmethod
    def read(cls, path: Path) -> "Library":
        """Read what `write` wrote.

        Raises:
            FameError: there is no such file, or it is not of that kind.
        """
        if path.is_dir():
            raise FameError(f"{path} is a folder; name a file that `fame embed` wrote")
        if not path.is_file():
            raise FameError(f"{path}: no such file; make it with `fame embed`")
        try:
            table = pq.read_table(path, partitioning=None)  # a `=` in the path is not a partition
            origin = json.loads((table.schema.metadata or {})[_METADATA])
            if origin.keys() != _ORIGIN:
                raise KeyError(f"origin of {sorted(origin)}")
            columns = [table.column(name) for name in SCHEMA.names]
        except (pa.ArrowInvalid, OSError, KeyError, ValueError) as error:
            raise FameError(f"{path} is not what `fame embed` writes; name another file") from error
        return cls(origin, _by_path(_rows(columns)))


def _rows(columns: list[pa.ChunkedArray]) -> Iterable[Row]:
    *plain, embeddings = columns
    vectors = embeddings.to_numpy()  # an array each, or None
    values = zip(*(column.to_pylist() for column in plain), vectors, strict=True)
    for path, size, modified, frames, status, vector in values:
        yield Row(Stamp(path, size, modified), frames, status, vector)


def _by_path(rows: Iterable[Row]) -> dict[str, Row]:
    return {row.stamp.path: row for row in rows}
