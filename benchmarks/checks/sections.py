"""Sections, their share of the time, and a report that is on disk after every finding."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.checks.clips import Clips
from benchmarks.checks.sizes import Size, SizeName
from fame.core.files import write_json

VERSION = 1


@dataclass(frozen=True)
class Finding:
    """One thing measured.

    Attributes:
        name: within its section.
        data: plain values; null for what only a GPU can tell.
        passed: whether a declared threshold holds; None where there is none.
    """

    name: str
    data: dict[str, Any]
    passed: bool | None = None


@dataclass(frozen=True)
class Context:
    """What a section works with.

    Attributes:
        device: under test; the CPU is the reference.
        size_name: `paper` or `micro`.
        size: how much of everything.
        clips: videos in memory.
        packed: the file that they come from, or None if they were generated.
        deadline: of the section, on the clock of `time.monotonic`.
    """

    device: torch.device
    size_name: SizeName
    size: Size
    clips: Clips
    packed: Path | None
    deadline: float

    def left(self) -> float:
        """Seconds until the section should end; negative once it should have."""
        return self.deadline - time.monotonic()

    @property
    def on_gpu(self) -> bool:
        """Whether times and memory mean anything."""
        return self.device.type == "cuda"


Section = Callable[[Context], Iterator[Finding]]


class SkippedError(Exception):
    """A section that cannot run here; the message says why."""


class Report:
    """The growing report.

    Args:
        path: rewritten, whole, after every finding.
        facts: what holds for all sections.
    """

    def __init__(self, path: Path, facts: Mapping[str, Any]) -> None:
        self._path = path
        self.content: dict[str, Any] = {"version": VERSION, **facts, "sections": {}}

    def save(self) -> None:
        """Put the present state on disk."""
        write_json(self._path, self.content)

    def run(self, name: str, section: Section, context: Context) -> str:
        """Run a section until it ends, fails or is out of time; returns its status.

        The status is `passed`; `failed` (a threshold broken, or an exception, and which); `stopped`
        (out of time: what was found stands); or `skipped`.
        """
        entry: dict[str, Any] = {"status": "running", "findings": {}}
        self.content["sections"][name] = entry
        self.save()
        started = time.monotonic()
        try:
            entry["status"], entry["message"] = self._findings(section, context, entry)
        except SkippedError as reason:
            entry["status"], entry["message"] = "skipped", str(reason)
        except Exception as error:  # whatever breaks, the other sections still tell something
            entry["status"], entry["message"] = "failed", f"{type(error).__name__}: {error}"
        entry["seconds"] = round(time.monotonic() - started, 1)
        self.save()
        return str(entry["status"])

    def _findings(
        self, section: Section, context: Context, entry: dict[str, Any]
    ) -> tuple[str, str | None]:
        if context.left() <= 0:
            return "skipped", "no time was left for it"
        broken = []
        for finding in section(context):
            entry["findings"][finding.name] = {**finding.data, "passed": finding.passed}
            broken += [finding.name] if finding.passed is False else []
            self.save()
            if context.left() <= 0:
                break
        if broken:
            return "failed", f"beyond its threshold: {', '.join(broken)}"
        if context.left() <= 0:
            return "stopped", "out of time; what was found stands"
        return "passed", None
