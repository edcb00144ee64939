"""Asking the test cluster, and breaking it."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

SCRIPT = Path(__file__).parent / "cluster.sh"
STATE = Path("/var/tmp/fame-slurm")
SETTLED = 15
"""Seconds in which the controller gives up telling a dead node to end its jobs; the order would
reach the same job at its second start."""


def output(*command):
    """What a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@dataclass(frozen=True)
class Job:
    """A job of Slurm: what `squeue` tells of it, finished or not."""

    number: str
    state: str
    node: str
    comment: str

    def of(self, run):
        """Whether it pretrains a run."""
        return self.comment.startswith("rule_pretrain") and run in self.comment

    def told(self, key, absent=None):
        """A field of `scontrol show job`."""
        fields = output("scontrol", "show", "job", self.number).split()
        found = [field.split("=", 1)[1] for field in fields if field.startswith(f"{key}=")]
        return found[0] if found else absent


def jobs(after=0):
    """The jobs of a later number that the controller remembers, by number."""
    lines = output("squeue", "--noheader", "--states=all", "--format=%i|%T|%N|%k").splitlines()
    found = sorted((Job(*line.split("|")) for line in lines), key=lambda job: int(job.number))
    return [job for job in found if int(job.number) > after]


def last():
    """The highest number of a job so far."""
    return max((int(job.number) for job in jobs()), default=0)


def wait_for(condition, seconds=400):
    """Poll until a condition holds; returns what it gave. So long, for busy machines."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.25)
    return found


def crash(node):
    """Kill all that runs on a node, as if its power failed."""
    own = {job.number for job in jobs() if job.state == "RUNNING" and job.node == node}
    victims = [psutil.Process(int((STATE / f"slurmd-{node}.pid").read_text()))]
    for process in psutil.process_iter(["name", "cmdline"]):
        title = " ".join(process.info["cmdline"] or [])
        if process.info["name"] == "slurmstepd" and any(f"[{number}." in title for number in own):
            victims += [process, *process.children(recursive=True)]
    for process in victims:
        process.kill()


def repair(node):
    """Switch a crashed node on again, once the cluster has noticed and told it so.

    Slurm gives a job that it starts again two minutes' rest, of which `SETTLED` seconds are kept.
    """
    wait_for(lambda: output("sinfo", "-hN", "-n", node, "-o", "%T").strip().startswith("down"))
    time.sleep(SETTLED)
    subprocess.run([SCRIPT, "node", node], check=True)
    for job in jobs():
        if job.state == "PENDING":
            output("scontrol", "update", f"JobId={job.number}", "StartTime=now")
