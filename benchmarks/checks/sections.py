"""Sections, their share of the time, and a report that is saved after every finding."""

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
    """One measurement.

    Attributes:
        name: within its section.
        data: plain values; null for values that only a GPU gives.
        passed: whether its threshold holds; None if it has none.
    """

    name: str
    data: dict[str, Any]
    passed: bool | None = None


@dataclass(frozen=True)
class Context:
    """The inputs of a section.

    Attributes:
        device: under test; the CPU is the reference.
        size_name: `paper` or `micro`.
        size: sizes of all parts.
        clips: videos in memory.
        packed: the file that they come from, or None if they were generated.
        deadline: of the section, in seconds of `time.monotonic`.
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
        """Whether the device is a GPU; else times and memory mean nothing."""
        return self.device.type == "cuda"


Section = Callable[[Context], Iterator[Finding]]


class SkippedError(Exception):
    """A section that cannot run here; the message says why."""


class Report:
    """The report, saved as it grows.

    Args:
        path: the file, rewritten atomically after every finding.
        facts: values that hold for all sections.
    """

    def __init__(self, path: Path, facts: Mapping[str, Any]) -> None:
        self._path = path
        self.content: dict[str, Any] = {"version": VERSION, **facts, "sections": {}}

    def save(self) -> None:
        """Save the current state."""
        write_json(self._path, self.content)

    def run(self, name: str, section: Section, context: Context) -> str:
        """Run a section until it ends, fails or is out of time; returns its status.

        The status is `passed`; `failed` (a missed threshold, or an exception); `stopped` (out of
        time; findings so far are kept); or `skipped`.
        """
        entry: dict[str, Any] = {"status": "running", "findings": {}}
        self.content["sections"][name] = entry
        self.save()
        started = time.monotonic()
        try:
            entry["status"], entry["message"] = self._findings(section, context, entry)
        except SkippedError as reason:
            entry["status"], entry["message"] = "skipped", str(reason)
        except Exception as error:  # whatever fails, the other sections are still useful
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
            return "stopped", "out of time; findings so far are kept"
        return "passed", None
