"""Jobs that a killed workflow left in Slurm's queue. No torch.

They do not end with Snakemake, and the next workflow would submit their work again beside them.
"""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from fame.core.errors import FameError

PREFIX = "fame_"
"""How our jobs' names begin: `slurm-jobname-prefix` of profiles/slurm."""

LOGS = Path(".snakemake", "slurm_logs")
"""Where Snakemake's plugin leaves the logs of the jobs that it submits, in a workflow's folder."""

FIELDS = {"JobID": 24, "AllocNodes": 256, "Name": 256, "StdOut": 4096}
"""What squeue is asked for, in columns of these widths: paths may hold any character."""


def left_behind(place: Path) -> list[str]:
    """The numbers of our jobs, waiting or running, that this machine submitted from a folder.

    None if this machine has no Slurm, or if no job was ever submitted from the folder.

    Raises:
        FameError: Slurm does not answer.
    """
    if shutil.which("squeue") is None or not (place / LOGS).is_dir():
        return []
    wanted = ",".join(f"{name}:{width}" for name, width in FIELDS.items())
    lines = _call("squeue", "--me", "--noheader", f"--Format={wanted}").splitlines()
    return [number for number, *facts in map(_columns, lines) if _is_ours(place, *facts)]


def cancel(numbers: list[str], patience: float = 120.0) -> None:
    """Cancel jobs, and wait until they have left the queue: a training saves its last step.

    Raises:
        FameError: they are still there after `patience` seconds.
    """
    _call("scancel", *numbers)
    until = time.monotonic() + patience
    while left := set(numbers) & set(_call("squeue", "--me", "--noheader", "--format=%i").split()):
        if time.monotonic() > until:
            raise FameError(
                f"Slurm's job(s) {', '.join(sorted(left))} do not end; see to them (scancel) and "
                "rerun the same command"
            )
        time.sleep(0.5)


def _columns(line: str) -> list[str]:
    found, start = [], 0
    for width in FIELDS.values():
        found.append(line[start : start + width].rstrip())
        start += width
    return found


def _is_ours(place: Path, submitted: str, name: str, log: str) -> bool:
    """Told by the log, which lies in the workflow's folder, wherever it was started from.

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
            f"{command[0]} failed ({str(reason).strip()}), so jobs that a killed workflow left are "
            "not found; wait until Slurm answers and rerun the same command"
        ) from None
