"""Annotations and files become one Manifest: every video is decoded once and checked."""

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from fame.data.annotations import Annotations, Kind, Missing, match, refuse_absent
from fame.data.manifest import COLUMNS, OK, Manifest
from fame.data.video import DecodeError, VideoInfo, probe
from fame.errors import FameError
from fame.files import replacing

_log = logging.getLogger(__name__)


def index(  # noqa: PLR0913 - the arguments are the dataset's config
    kind: Kind,
    root: Path,
    annotations: Path | None,
    *,
    name: str,
    split: int = 1,
    missing: Missing = "error",
    tolerance: float = 0.0,
    workers: int = 1,
    progress: bool = True,
    reports: Path | None = None,
) -> Manifest:
    """List a dataset's videos, decode each one, and quarantine those that do not decode.

    Args:
        kind: the annotation format.
        root: folder of the videos.
        annotations: folder of the official lists (Kinetics-400 can do without).
        name: the dataset's name in the manifest.
        split: official split.
        missing: how many annotated videos may be absent: "error", "skip" or a share.
        tolerance: share of videos in [0, 1] that may be quarantined.
        workers: videos decoded at the same time (threads: decoding releases the lock).
        progress: show a bar if the output is a terminal.
        reports: folder for `absent.csv` and `unnamed.csv`, which name the videos that are only
            in the lists or only on the disk; written before anything is refused.

    Returns:
        A manifest in the order of the lists; a quarantined row has its reason as `status`.

    Raises:
        FameError: bad lists, missing root or videos, no video, too many quarantined.
    """
    found = match(kind, root, annotations, split)
    _report(found, name, reports)
    refuse_absent(found, root, missing)
    if found.table.empty:
        raise FameError(f"{name}: no annotated video is under {root}; check the root.")
    bar = None if progress else True
    with ThreadPoolExecutor(max(1, workers)) as pool:
        paths = [root / path for path in found.table["path"]]
        looks = tqdm(pool.map(_look, paths), "index", len(paths), disable=bar, unit="video")
        table = _table(found.table, name, looks)
    _check_share(table, tolerance, name)
    return Manifest(name, root, table, found.classes)


def _report(found: Annotations, name: str, folder: Path | None) -> None:
    """Name what is only in the lists or only on the disk."""
    if found.absent or found.unnamed:
        _log.warning(
            "%s: %d annotated videos are absent, %d videos are in no list",
            *(name, len(found.absent), len(found.unnamed)),
        )
    if folder:
        for file, paths in (("absent.csv", found.absent), ("unnamed.csv", found.unnamed)):
            with replacing(folder / file) as out:
                out.write(pd.DataFrame({"path": paths}, dtype=str).to_csv(index=False).encode())


def _look(path: Path) -> VideoInfo | str:
    """What a video is, or why it cannot be used."""
    try:
        return probe(path)
    except DecodeError as error:
        return str(error).removeprefix(f"{path}: ")


def _table(listed: pd.DataFrame, name: str, looks: Iterable[VideoInfo | str]) -> pd.DataFrame:
    rows = [
        _measured(int(start), None if pd.isna(end) else int(end), look)
        for start, end, look in zip(listed["start"], listed["end"], looks, strict=True)
    ]
    return listed.assign(dataset=name, **pd.DataFrame(rows))[list(COLUMNS)]


def _measured(start: int, end: int | None, look: VideoInfo | str) -> dict[str, object]:
    """Measured columns of one row; frames are those from `start` to `end` that exist."""
    if isinstance(look, str):
        return {"frames": 0, "fps": 0.0, "width": 0, "height": 0, "status": look}
    frames = min(look.frames if end is None else end, look.frames) - start
    reason = f"its annotation starts at frame {start} but it has {look.frames} frames."
    return {
        "frames": max(frames, 0),
        "fps": look.fps,
        "width": look.width,
        "height": look.height,
        "status": OK if frames > 0 else reason,
    }


def _check_share(table: pd.DataFrame, tolerance: float, name: str) -> None:
    bad = table[table["status"] != OK]
    if len(bad) <= tolerance * len(table):
        return
    first = "; ".join(f"{row.path}: {row.status}" for row in bad.head(3).itertuples())
    raise FameError(
        f"{name}: {len(bad)} of {len(table)} videos cannot be used, more than the tolerated "
        f"share {tolerance:g} ({first}); replace them or raise the tolerance."
    )
