"""Jobs that a killed workflow left in Slurm's queue. No torch.

They do not end with Snakemake, and the next workflow would submit the same work again.
"""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from fame.core.errors import FameError

PREFIX = "fame_"
"""The prefix of our jobs' names: `slurm-jobname-prefix` of profiles/slurm."""

LOGS = Path(".snakemake", "slurm_logs")
"""The folder of the Slurm logs that Snakemake's plugin writes, below the workflow's folder."""

FIELDS = {"JobID": 24, "AllocNodes": 256, "Name": 256, "StdOut": 4096}
"""Columns of squeue and their widths, since paths may contain any character."""


def left_behind(place: Path) -> list[str]:
    """The ids of our pending or running jobs that this machine submitted from a folder.

    Empty if this machine has no Slurm, or if no job was ever submitted from the folder.

    Raises:
        FameError: Slurm does not answer.
    """
    if shutil.which("squeue") is None or not (place / LOGS).is_dir():
        return []
    wanted = ",".join(f"{name}:{width}" for name, width in FIELDS.items())
    lines = _call("squeue", "--me", "--noheader", f"--Format={wanted}").splitlines()
    return [number for number, *facts in map(_columns, lines) if _is_ours(place, *facts)]


def cancel(numbers: list[str], patience: float = 120.0) -> None:
    """Cancel jobs and wait until they have left the queue; trainings save their last step.

    Raises:
        FameError: they are still there after `patience` seconds.
    """
    _call("scancel", *numbers)
    until = time.monotonic() + patience
    while left := set(numbers) & set(_call("squeue", "--me", "--noheader", "--format=%i").split()):
        if time.monotonic() > until:
            raise FameError(
                f"Slurm's job(s) {', '.join(sorted(left))} do not end; cancel them (scancel) and "
                "rerun the same command"
            )
        time.sleep(0.5)


def _columns(line: str) -> list[str]:
    values, start = [], 0
    for width in FIELDS.values():
        values.append(line[start : start + width].rstrip())
        start += width
    return values


def _is_ours(place: Path, submitted: str, name: str, log: str) -> bool:
    """Whether a job is ours: its log is in the workflow's folder, wherever that was started.

    A controller calls its own machine localhost.
    """
    here = {socket.gethostname().split(".", maxsplit=1)[0], "localhost"}
    return (
        name.startswith(PREFIX)
        and log.startswith(f"{place.resolve() / LOGS}/")
        and submitted.split(".", maxsplit=1)[0] in here
    )


def _call(*command: str) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=60
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        reason = getattr(error, "stderr", None) or str(error)
        raise FameError(
            f"{command[0]} failed ({str(reason).strip()}), so jobs of a killed workflow cannot "
            "be found; wait until Slurm answers and rerun the same command"
        ) from None
