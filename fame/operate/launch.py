"""Start a command as several processes, on this machine or on all machines of a Slurm job."""

import os
import socket
import sys

from fame.core.errors import FameError

PORTS = 20_000, 20_000
"""The first port for the rendezvous of several machines, and the number of ports."""


def under_torchrun(processes: int, nodes: int = 1, threads: int = 1) -> None:
    """Replace this process by `processes` of the same command, under torchrun.

    Does nothing for one process (or none), or if torchrun started this one.

    Args:
        processes: number over all machines, equal on each.
        nodes: machines; more than one must be this Slurm job's.
        threads: CPU cores of the job on each machine.

    Raises:
        FameError: the machines are not available, or cannot share the processes equally.
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
    # Without `--`, torchrun would read our `--run` as an abbreviation of its own `--run-path`.
    command = [*start, "-m", "--", "fame", *sys.argv[1:]]
    os.execvp(command[0], command)


def _torchrun(each: int, *meeting: str) -> list[str]:
    where = meeting or ("--standalone",)
    return [sys.executable, "-m", "torch.distributed.run", *where, f"--nproc_per_node={each}"]


def _gpus(each: int) -> list[str]:
    """As many GPUs as processes on each machine, if the job has GPUs."""
    return [f"--gpus-per-node={each}"] if os.environ.get("CUDA_VISIBLE_DEVICES") else []


def _on_all(nodes: int, each: int, threads: int) -> list[str]:
    """One torchrun on each machine of this Slurm job, with this machine as the rendezvous.

    Every number is explicit: srun does not inherit the job's request, and by default starts one
    task, which would wait for the others. `--overlap`, because this process may be a step of the
    job and hold its CPU cores and GPUs.
    """
    job = os.environ.get("SLURM_JOB_ID", "")
    if not job.isdigit():
        raise FameError(
            f"{nodes} machines are requested, but this is not a Slurm job; use profiles/slurm, "
            "or set resources.nodes of the scale to 1"
        )
    first, count = PORTS
    host = socket.gethostname()
    step = ["srun", "--overlap", f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1"]
    step += [f"--cpus-per-task={threads}", "--cpu-bind=none", *_gpus(each), "--kill-on-bad-exit=1"]
    meeting = [f"--nnodes={nodes}", "--rdzv_backend=c10d", f"--rdzv_id={job}"]
    meeting.append(f"--rdzv_endpoint={host}:{first + int(job) % count}")
    return [*step, *_torchrun(each, *meeting)]
