"""Kill a training on the device (SIGKILL), resume it, and compare with an undisturbed one."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.checks.sections import Context, Finding
from benchmarks.checks.sizes import ROOT
from fame.core.errors import FameError
from fame.core.files import sha256
from fame.train.checkpoint import KEPT


def resume(context: Context) -> Iterator[Finding]:
    """Encoders must be bit-identical: the training uses deterministic operations only."""
    with tempfile.TemporaryDirectory() as place:
        broken, whole = Path(place, "broken"), Path(place, "whole")
        _expect(-signal.SIGKILL, _train(context, [broken], context.size.killed_at))
        left = sorted(path.name for path in (broken / "checkpoints").glob("step-*.pt"))
        yield Finding(
            "killed",
            {"signal": 9, "before_step": context.size.killed_at + 1, "checkpoints": left},
            len(left) == KEPT and not (broken / "encoder.safetensors").exists(),
        )
        _expect(0, _train(context, [broken, whole], None))
        digests = {path.name: sha256(path / "encoder.safetensors") for path in (broken, whole)}
        yield Finding(
            "resumed",
            {"steps": context.size.resume_steps, "encoder_sha256": digests},
            digests["broken"] == digests["whole"],
        )


def _train(
    context: Context, directories: list[Path], killed_at: int | None
) -> subprocess.CompletedProcess[str]:
    """Train in each directory in turn, in a separate process."""
    command = [sys.executable, "-m", "benchmarks.checks.resume_child"]
    command += ["--device", context.device.type, "--size", context.size_name]
    if killed_at is not None:
        command += ["--killed-at", str(killed_at)]
    places = [os.environ.get("PYTHONPATH"), str(ROOT)]
    path = os.pathsep.join(place for place in places if place)
    allowed = max(context.left(), 1)
    try:
        return subprocess.run(
            [*command, *map(str, directories)],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=allowed,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FameError(f"the training took longer than the {allowed:.0f} s left for it") from None


def _expect(status: int, process: subprocess.CompletedProcess[str]) -> None:
    if process.returncode != status:
        last = process.stderr.strip().splitlines()[-1:] or ["nothing on standard error"]
        raise FameError(f"the training ended with status {process.returncode}: {last[0]}")
