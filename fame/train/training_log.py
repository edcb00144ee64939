"""The training log: metrics.jsonl, TensorBoard curves, progress.json, a progress line."""

import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from fame.core.files import replacing, write_json

PROGRESS = "progress.json"
PROGRESS_EVERY = 5.0
"""Seconds between writings of `progress.json`, which `fame status` reads."""


def _keep_until(path: Path, step: int) -> None:
    """Drop lines of steps after the checkpoint that training resumes from."""
    if not path.exists():
        return
    kept = [
        line
        for line in path.read_text().splitlines(keepends=True)
        if line.endswith("\n") and json.loads(line)["step"] <= step
    ]
    with replacing(path) as file:
        file.write("".join(kept).encode())


class TrainingLog:
    """Records scalars by step; after resuming, each step is still recorded once.

    Args:
        directory: where `metrics.jsonl` and `tensorboard/` are kept.
        name: shown on the progress line.
        total: number of steps of the whole training.
        done: number of steps done before.
        clips_per_step: for the displayed rate.
        active: whether this process records anything (only the first one does).
    """

    def __init__(
        self, directory: Path, name: str, total: int, done: int, clips_per_step: int, active: bool
    ) -> None:
        self._clips = clips_per_step
        self._shown: dict[str, str] = {}
        self._active, self._directory = active, directory
        self._total, self._first, self._begun = total, done, time.monotonic()
        self._told = -PROGRESS_EVERY
        if not active:
            return
        from torch.utils.tensorboard import SummaryWriter

        directory.mkdir(parents=True, exist_ok=True)
        _keep_until(directory / "metrics.jsonl", done)
        self._file = (directory / "metrics.jsonl").open("a")
        self._curves = SummaryWriter(str(directory / "tensorboard"), purge_step=done + 1)
        quiet = None if "FAME_PROGRESS" not in os.environ else False
        self._line = tqdm(total=total, initial=done, desc=name, unit="step", disable=quiet)

    def record(self, step: int, scalars: dict[str, float]) -> None:
        """Write scalars of a step (counted from 1)."""
        if not self._active:
            return
        self._file.write(json.dumps({"step": step, **scalars}) + "\n")
        self._file.flush()
        for key, value in scalars.items():
            self._curves.add_scalar(key, value, step)
        self._tell(step)
        self._shown |= {key: f"{value:.3g}" for key, value in scalars.items()}

    def _tell(self, step: int) -> None:
        """Write the progress file, once in a while and at the end."""
        seconds = time.monotonic() - self._begun
        if seconds - self._told < PROGRESS_EVERY and step < self._total:
            return
        self._told = seconds
        progress = {"step": step, "of": self._total, "first": self._first, "seconds": seconds}
        write_json(self._directory / PROGRESS, progress)

    def advance(self) -> None:
        """Move the progress line by one step."""
        if not self._active:
            return
        rate = self._line.format_dict.get("rate") or 0.0
        shown = {**self._shown, "clips/s": f"{rate * self._clips:.0f}"}
        self._line.set_postfix(shown, refresh=False)
        self._line.update()

    def say(self, sentence: str) -> None:
        """Print a remark to standard error without breaking the progress line."""
        if self._active:
            tqdm.write(sentence, file=sys.stderr)

    def close(self) -> None:
        """Flush and close everything."""
        if self._active:
            self._line.close()
            self._curves.close()
            self._file.close()


def last_values(directory: Path, keys: Iterable[str]) -> dict[str, Any]:
    """The last recorded value of each key that was recorded."""
    values: dict[str, Any] = {}
    path = directory / "metrics.jsonl"
    if path.exists():
        for line in path.read_text().splitlines():
            row = json.loads(line)
            values |= {key: row[key] for key in keys if key in row}
    return values
