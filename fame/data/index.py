"""Index a dataset: decode and check every annotated video once, and list them in a Manifest."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from fame.core.errors import FameError
from fame.core.files import replacing
from fame.data.annotations import Annotations, Missing, refuse_absent
from fame.data.children import Undecided, decide
from fame.data.datasets import match
from fame.data.manifest import COLUMNS, OK, Manifest
from fame.data.video.decode import Depth, describe
from fame.data.video.facts import VideoInfo

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Check:
    """How videos are checked.

    Attributes:
        frames: "all" decodes every frame; "ends" counts without decoding where a container
            stores presentation times, and decodes the first, the middle and the last frame.
        seconds: time limit per video; a video that exceeds it is quarantined.
        workers: videos opened at the same time, each in a child process.
        progress: show a progress bar if the output is a terminal.
    """

    frames: Depth = "all"
    seconds: float = 60.0
    workers: int = 1
    progress: bool = True


def index(  # noqa: PLR0913 - the arguments are the dataset's config
    kind: str,
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
    """Match a dataset's official lists with its videos, then `examine` them."""
    return examine(
        match(kind, root, annotations, split),
        root,
        name=name,
        missing=missing,
        tolerance=tolerance,
        check=Check(workers=workers, progress=progress),
        reports=reports,
    )


def examine(
    annotations: Annotations,
    root: Path,
    *,
    name: str,
    missing: Missing,
    tolerance: float,
    check: Check,
    reports: Path | None = None,
) -> Manifest:
    """Open each video and quarantine those that cannot be decoded.

    Decoders run in child processes, so a crash or stall does not end this one.

    Args:
        annotations: the annotated videos.
        root: folder of the videos.
        name: the dataset's name in the manifest.
        missing: how many annotated videos may be absent: "error", "skip" or a share.
        tolerance: share of videos in [0, 1] that may be quarantined.
        check: how videos are checked.
        reports: folder for `absent.csv` (videos only in the lists), `unnamed.csv` (videos only on
            disk) and `quarantine.csv` (videos that cannot be used, with reasons). Each is written
            before the error that it explains is raised.

    Returns:
        A manifest in the order of the lists; a quarantined row has its reason as `status`.

    Raises:
        FameError: no video, too many absent, or too many quarantined.
    """
    _report(annotations, name, reports)
    refuse_absent(annotations, root, missing)
    if annotations.table.empty:
        raise FameError(f"{name}: no annotated video is under {root}; check the root.")
    paths = [root / path for path in annotations.table["path"]]
    table = _table(annotations.table, name, looks(paths, check))
    if reports is not None:
        write_quarantine(table, reports / "quarantine.csv")
    check_share(table, tolerance, name)
    manifest = Manifest(name, root, table, annotations.classes)
    _warn_of_untrained(manifest)
    return manifest


def _warn_of_untrained(manifest: Manifest) -> None:
    """Warn of classes that have test videos but no training video."""
    classes = manifest.untrained_classes()
    if classes:
        _log.warning(
            "%s: no usable training video shows %s, so all their test videos count as wrong; "
            "add training videos or mark the test videos unused",
            *(manifest.dataset, ", ".join(classes)),
        )


def _report(annotations: Annotations, name: str, folder: Path | None) -> None:
    """Report videos that are only in the lists or only on disk."""
    if annotations.absent or annotations.unnamed:
        _log.warning(
            "%s: %d annotated videos are absent, %d videos are in no list",
            *(name, len(annotations.absent), len(annotations.unnamed)),
        )
    if folder:
        for file, paths in (
            ("absent.csv", annotations.absent),
            ("unnamed.csv", annotations.unnamed),
        ):
            with replacing(folder / file) as out:
                out.write(
                    pd.DataFrame({"path": paths}, dtype=str)
                    .to_csv(index=False)
                    .encode("utf-8", "surrogateescape")
                )


def looks(paths: list[Path], check: Check) -> Iterable[VideoInfo | str]:
    """Facts about each file, or a sentence on why it cannot be used; no file raises an error."""
    decided = decide(
        partial(describe, depth=check.frames),
        paths,
        workers=check.workers,
        seconds=check.seconds,
        preload=("av", "fame.data.video.decode"),
    )
    bar = None if check.progress else True
    for outcome in tqdm(decided, "index", len(paths), disable=bar, unit="video"):
        yield outcome.reason if isinstance(outcome, Undecided) else outcome


def write_quarantine(table: pd.DataFrame, path: Path) -> None:
    """Write video, path and reason of each quarantined row; only the header if there is none."""
    bad = table[table["status"] != OK].rename(columns={"status": "reason"})
    text = bad[["video", "path", "reason"]].to_csv(index=False)
    with replacing(path) as file:
        file.write(text.encode("utf-8", "surrogateescape"))


def _table(listed: pd.DataFrame, name: str, looks: Iterable[VideoInfo | str]) -> pd.DataFrame:
    rows = [
        _measured(int(start), None if pd.isna(end) else int(end), look)
        for start, end, look in zip(listed["start"], listed["end"], looks, strict=True)
    ]
    return listed.assign(dataset=name, **pd.DataFrame(rows))[list(COLUMNS)]


def _measured(start: int, end: int | None, look: VideoInfo | str) -> dict[str, object]:
    """The measured columns of one row; `frames` counts the existing frames in [start, end)."""
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


def check_share(table: pd.DataFrame, tolerance: float, name: str) -> None:
    """Refuse a dataset if more than the tolerated share of its videos is quarantined."""
    bad = table[table["status"] != OK]
    if len(bad) <= tolerance * len(table):
        return
    first = "; ".join(f"{row.path}: {row.status}" for row in bad.head(3).itertuples())
    raise FameError(
        f"{name}: {len(bad)} of {len(table)} videos cannot be used, more than the tolerated "
        f"share {tolerance:g} ({first}); replace them or raise the tolerance."
    )
