"""Kill whole tables at random moments, again and again, and compare the results.

    python -m benchmarks.soak --kills 200 --work soak

Makes Table 5 at the micro scale once undisturbed. Then makes it again, table after table, with
kills at random moments, repeating the same `fame run` command until it succeeds. Every encoder,
result and table must then equal the undisturbed one bit for bit. Prints JSON, saves it in
WORK/soak.json, and resumes from there when started again. Exit status 1 means that something
differed, or that the command failed without a kill, so that a user would have had to intervene.
"""

import argparse
import contextlib
import hashlib
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
import yaml

ROOT = Path(__file__).resolve().parents[1]
TARGET = "results/table5.csv"
PRODUCTS = (
    "results/table5.*",
    "results/*/pretrain/*/encoder.safetensors",
    "results/*/evaluate/*/*/features-*.npz",
    "results/*/evaluate/*/*/linear.*",
    "results/*/evaluate/*/*/finetune.*",
)
CHANGES = {"workers": 1, "checkpoint_minutes": 1e-6}
KINDS = ("snakemake", "trainer", "worker", "everything", "sigterm to everything")

JOBS = 0.75
"""The share of kills that wait until a job is running."""


@dataclass
class Record:
    """The progress so far; all of it is printed."""

    kills: dict[str, int] = field(default_factory=dict)
    tables: int = 0
    left: int | None = None  # kills left for the current table
    starts: int = 0
    differences: list[str] = field(default_factory=list)
    manual_steps: list[str] = field(default_factory=list)
    seconds: float = 0.0
    seed: int = 0

    @property
    def total(self) -> int:
        """Kills of all kinds."""
        return sum(self.kills.values())

    def struck(self, kind: str) -> None:
        """Count a kill."""
        self.kills[kind] = self.kills.get(kind, 0) + 1
        self.left = (self.left or 0) - 1

    def keep(self, path: Path) -> None:
        """Save the record."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")


def fame_processes(master: psutil.Process) -> list[psutil.Process]:
    """The `fame` commands below a workflow; their children are loader workers."""
    return [
        process
        for process in below(master)
        if "fame" in _words(process) and "fame" not in _words(process.parent())
    ]


def _words(process: psutil.Process | None) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return process.cmdline()[1:3] if process else []
    return []


def below(process: psutil.Process) -> list[psutil.Process]:
    """All descendants."""
    with contextlib.suppress(psutil.Error):
        return process.children(recursive=True)
    return []


def victims(master: psutil.Process) -> dict[str, list[psutil.Process]]:
    """The processes that can be killed now, by kind."""
    trainers = fame_processes(master)
    workers = [worker for trainer in trainers for worker in below(trainer)]
    everybody = [master, *below(master)]
    return {
        "snakemake": [master],
        "trainer": trainers,
        "worker": workers,
        "everything": everybody,
        "sigterm to everything": everybody,
    }


def strike(master: psutil.Process, chance: random.Random) -> str | None:
    """Kill a random process, or all of them; returns the kind, or None if there was none."""
    candidates = victims(master)
    kind = chance.choice([kind for kind in KINDS if candidates[kind]])
    number = signal.SIGTERM if kind.startswith("sigterm") else signal.SIGKILL
    chosen = candidates[kind] if "everything" in kind else [chance.choice(candidates[kind])]
    hit = 0
    for process in chosen:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)
            hit += 1
    return kind if hit else None


def digests(place: Path) -> dict[str, str]:
    """SHA-256 of every product below a folder; durations in JSON are ignored."""
    paths = sorted(path for pattern in PRODUCTS for path in place.glob(pattern))
    return {
        str(path.relative_to(place)): hashlib.sha256(_content(path)).hexdigest()
        for path in paths
        if path.is_file() and not path.name.endswith((".log", ".benchmark.tsv"))
    }


def _content(path: Path) -> bytes:
    if path.suffix != ".json":
        return path.read_bytes()
    data = json.loads(path.read_text())
    data.get("details", {}).pop("seconds", None)
    return json.dumps(data).encode()


def command(place: Path, scale: Path) -> list[str]:
    """The command, the same every time."""
    words = ["run", TARGET, "--scale", scale, "--directory", place]
    words += ["--snakefile", ROOT / "Snakefile", "--quiet", "all"]
    return [sys.executable, "-m", "fame", *map(str, words)]


@contextlib.contextmanager
def started(place: Path, scale: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command, running; all of its processes are ended on exit."""
    with (place / "log").open("ab") as log:
        process = subprocess.Popen(command(place, scale), stdout=log, stderr=log, cwd=ROOT)
        try:
            yield process
        finally:
            for left in [*below(psutil.Process(process.pid)), process] if _lives(process) else []:
                with contextlib.suppress(psutil.Error):
                    left.kill()


def _lives(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is None


def disturbed(
    place: Path, scale: Path, pause: float, chance: random.Random, record: Record, state: Path
) -> None:
    """Repeat the command until it succeeds, with `record.left` kills on the way."""
    while True:
        struck, begun = False, time.monotonic()
        record.starts += 1
        with started(place, scale) as process:
            while _lives(process) and record.left:
                _wait_for_a_moment(process, pause, chance)
                if _lives(process) and (kind := strike(psutil.Process(process.pid), chance)):
                    record.struck(kind)
                    struck = True
            status = process.wait()
        record.seconds = round(record.seconds + time.monotonic() - begun, 1)
        record.keep(state)
        if status == 0:
            return
        if not struck:
            record.manual_steps.append(f"{place}: exit status {status} with nothing killed")
            return


def _wait_for_a_moment(
    process: subprocess.Popen[bytes], pause: float, chance: random.Random
) -> None:
    """Wait a random time, mostly counted from when a job is running, since starting up is slow.

    The time is between a seventh of `pause` and seven times `pause`.
    """
    if chance.random() < JOBS:
        while _lives(process) and not fame_processes(psutil.Process(process.pid)):
            time.sleep(0.1)
    until = time.monotonic() + pause * math.exp(chance.uniform(-2, 2))
    while _lives(process) and time.monotonic() < until:
        time.sleep(0.05)


def compare(place: Path, expected: dict[str, str]) -> list[str]:
    """Products that differ from the undisturbed ones, are missing, or are unexpected."""
    actual = digests(place)
    names = sorted(actual.keys() | expected.keys())
    return [f"{place.name}/{name}" for name in names if actual.get(name) != expected.get(name)]


def micro(work: Path) -> Path:
    """The micro scale, on UCF101 alone, with loader workers and a checkpoint after every step."""
    settings = yaml.safe_load((ROOT / "tests" / "workflow" / "micro.yaml").read_text())
    del settings["datasets"]["hmdb51"]  # more kills in the same time
    settings["resources"] |= CHANGES
    path = work / "micro.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path.resolve()


def soak(work: Path, kills: int, each: int, pause: float, seed: int) -> Record:
    """Continue until there were `kills` kills, each table in its own folder."""
    work.mkdir(parents=True, exist_ok=True)
    state, calm, scale = work / "soak.json", work / "undisturbed", micro(work)
    record = Record(**json.loads(state.read_text())) if state.exists() else Record(seed=seed)
    calm.mkdir(exist_ok=True)
    with started(calm, scale) as process:
        if process.wait():
            raise SystemExit(f"the undisturbed table failed; see {calm / 'log'}")
    expected = digests(calm)
    while record.total < kills and not (record.differences or record.manual_steps):
        place = work / f"table-{record.tables}"
        if record.left is None:
            shutil.rmtree(place, ignore_errors=True)
            record.left = each
        place.mkdir(exist_ok=True)
        chance = random.Random(f"{record.seed} {record.tables} {record.left}")
        disturbed(place, scale, pause, chance, record, state)
        record.differences += compare(place, expected)
        record.tables, record.left = record.tables + 1, None
        record.keep(state)
        print(json.dumps(asdict(record)), file=sys.stderr, flush=True)
        if not (record.differences or record.manual_steps):
            shutil.rmtree(place)
    return record


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("soak"), help="a folder for all of it")
    parser.add_argument("--kills", type=int, default=200, help="in all")
    parser.add_argument("--each", type=int, default=25, help="kills of one table at most")
    parser.add_argument("--pause", type=float, default=5.0, help="typical seconds between kills")
    parser.add_argument("--seed", type=int, default=0, help="of kinds, victims and moments")
    chosen = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    record = soak(chosen.work, chosen.kills, chosen.each, chosen.pause, chosen.seed)
    print(json.dumps(asdict(record) | {"total_kills": record.total}, indent=2))
    sys.exit(bool(record.differences or record.manual_steps))


if __name__ == "__main__":
    main()
