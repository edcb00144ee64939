"""Start a command as several processes: on this machine, or on all of a Slurm job's."""

import os
import socket
import sys

from fame.core.errors import FameError

PORTS = 20_000, 20_000
"""The first of the ports at which processes of several machines meet, and how many there are."""


def under_torchrun(processes: int, nodes: int = 1, threads: int = 1) -> None:
    """Replace this process by `processes` of the same command, under torchrun.

    Does nothing if one process (or none) is asked for, or if torchrun started this one.

    Args:
        processes: on all machines together, equally many on each.
        nodes: machines; more than one must be this Slurm job's.
        threads: processors that the job was given on each machine.

    Raises:
        FameError: if the machines are not there, or cannot share the processes equally.
    """
    if processes < 2 or "LOCAL_RANK" in os.environ:
        return
    if processes % nodes:
        raise FameError(
            f"{nodes} machines cannot share {processes} processes equally; "
            "use a number of processes that is a multiple of the machines"
        )
    each = processes // nodes
    start = _torchrun(each) if nodes == 1 else _on_all(nodes, each, threads)
    # Without `--`, torchrun would take our `--run` for an abbreviation of its own `--run-path`.
    command = [*start, "-m", "--", "fame", *sys.argv[1:]]
    os.execvp(command[0], command)


def _torchrun(each: int, *meeting: str) -> list[str]:
    where = meeting or ("--standalone",)
    return [sys.executable, "-m", "torch.distributed.run", *where, f"--nproc_per_node={each}"]


def _gpus(each: int) -> list[str]:
    """As many GPUs on each machine as processes, if the job was given any."""
    return [f"--gpus-per-node={each}"] if os.environ.get("CUDA_VISIBLE_DEVICES") else []


def _on_all(nodes: int, each: int, threads: int) -> list[str]:
    """A torchrun on each machine of this Slurm job; they meet at the machine we are on.

    Everything is said explicitly: srun does not take over what the job asked for, and without
    numbers it starts one task, which waits for the others. `--overlap`, because we may be a step
    of the job ourselves that holds its processors and GPUs.
    """
    job = os.environ.get("SLURM_JOB_ID", "")
    if not job.isdigit():
        raise FameError(
            f"{nodes} machines are asked for, but this is no Slurm job; use profiles/slurm, "
            "or set resources.nodes of the scale to 1"
        )
    first, count = PORTS
    host = socket.gethostname()
    step = ["srun", "--overlap", f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1"]
    step += [f"--cpus-per-task={threads}", "--cpu-bind=none", *_gpus(each), "--kill-on-bad-exit=1"]
    meeting = [f"--nnodes={nodes}", "--rdzv_backend=c10d", f"--rdzv_id={job}"]
    meeting.append(f"--rdzv_endpoint={host}:{first + int(job) % count}")
    return [*step, *_torchrun(each, *meeting)]
