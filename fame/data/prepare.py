"""Copy a dataset's videos to small ones: in shards, resumable, with reproducible results."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pandas as pd
from tqdm import tqdm

from fame.core.errors import FameError
from fame.data.children import Undecided, decide
from fame.data.index import check_share, write_quarantine
from fame.data.manifest import OK, Manifest
from fame.data.video.transcode import Copy, Copying, CopyTask, Sound, copy

COMPARED_EVERY = 50
"""One video in this many is compared with its original."""


def prepare(
    originals: Manifest,
    to: Path,
    copying: Copying,
    *,
    seconds: float,
    shard: int = 0,
    shards: int = 1,
    workers: int = 1,
    progress: bool = True,
) -> dict[str, dict[str, Any]]:
    """Copy the videos of one shard; finished copies are kept.

    Args:
        originals: the indexed dataset; quarantined videos are skipped.
        to: folder of the copies, at `<path>.mp4` each.
        copying: settings of the copies.
        seconds: time limit per video.
        shard: number of this shard, from 0.
        shards: number of shards; video i belongs to shard i modulo this.
        workers: videos copied at a time, each in a child process.
        progress: show a progress bar if the output is a terminal.

    Returns:
        For each video id a `Copy` as plain data, or `{"reason": ...}`.
    """
    table = originals.table
    chosen = table.iloc[shard::shards]
    chosen = chosen[chosen["status"] == OK]
    tasks = [
        CopyTask(
            originals.root / path, to / f"{path}.mp4", int(start + frames), i % COMPARED_EVERY == 0
        )
        for i, path, start, frames in zip(
            chosen.index, chosen["path"], chosen["start"], chosen["frames"], strict=True
        )
    ]
    for folder in {task.target.parent for task in tasks}:
        folder.mkdir(parents=True, exist_ok=True)
    outcomes = decide(
        partial(copy, copying=copying),
        tasks,
        workers=workers,
        seconds=seconds,
        preload="fame.data.video.transcode",
    )
    bar = tqdm(outcomes, "prepare", len(tasks), disable=None if progress else True, unit="video")
    return dict(zip(chosen["video"], map(_record, bar), strict=True))


def _record(outcome: Copy | str | Undecided) -> dict[str, Any]:
    if isinstance(outcome, Copy):
        return asdict(outcome)
    return {"reason": outcome.reason if isinstance(outcome, Undecided) else outcome}


def gather(
    originals: Manifest,
    to: Path,
    records: dict[str, dict[str, Any]],
    *,
    tolerance: float,
    reports: Path | None = None,
) -> Manifest:
    """The manifest of the copies, from the records of all shards.

    Args:
        originals: the indexed dataset.
        to: folder of the copies.
        records: what `prepare` returned, merged over all shards.
        tolerance: share of videos in [0, 1] that may be quarantined, including those that already
            were.
        reports: folder for `quarantine.csv`.

    Raises:
        FameError: a shard is missing, or too many videos could not be copied.
    """
    table = originals.table.copy()
    usable = table["status"] == OK
    wanted = table.loc[usable, "video"]
    lost = [video for video in wanted if video not in records]
    if lost:
        raise FameError(
            f"{originals.dataset}: {len(lost)} videos are in no shard, for example {lost[0]}; "
            "prepare all shards of this manifest."
        )
    table.loc[usable, "path"] = table.loc[usable, "path"] + ".mp4"
    for row, video in zip(wanted.index, wanted, strict=True):
        record = records[video]
        if "reason" in record:
            table.loc[row, ["status", "frames"]] = [record["reason"], 0]
        else:
            table.loc[row, ["width", "height"]] = [record["width"], record["height"]]
    if reports is not None:
        write_quarantine(table, reports / "quarantine.csv")
    check_share(table, tolerance, originals.dataset)
    return replace(originals, root=to, table=table)


def summary(records: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Bytes before and after, quality of the compared videos, and how many kept their sound."""
    copies = pd.DataFrame([record for record in records if "reason" not in record])
    if copies.empty:
        raise FameError("No video could be prepared; look at quarantine.csv.")
    sound = copies.get("sound", pd.Series(dtype=str))  # not in records of earlier versions
    return {
        "videos": len(copies),
        "frames": int(copies["frames"].sum()),
        "bytes_before": int(copies["before"].sum()),
        "bytes_after": int(copies["after"].sum()),
        "compared": int(copies["psnr"].notna().sum()),
        "psnr": _mean(copies["psnr"]),
        "ssim": _mean(copies["ssim"]),
        "sound": {kind: int((sound == kind).sum()) for kind in get_args(Sound)},
    }


def _mean(column: pd.Series) -> float | None:
    return None if column.isna().all() else round(float(column.astype(float).mean()), 4)
