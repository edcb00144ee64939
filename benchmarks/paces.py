"""Write config/paces.json, the paces that ship with the project, from the finished jobs of a scale.

    python -m benchmarks.paces results/mini --where "2 CPU cores (AMD EPYC)" > config/paces.json

It reads the cards and benchmark files of jobs that are finished below `results/<scale>`, of any
table or figure. Run it after `make all` on a machine that does little else.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from fame.cli.options import TABLES
from fame.core.errors import FameError
from fame.operate.plan.estimate import history
from fame.operate.plan.jobs import Job, Task, task_of
from fame.operate.plan.paces import Paces, pace_of, written
from fame.pipeline.experiments import Experiments
from fame.pipeline.steps import RULES, applies

ENDING = ".benchmark.tsv"


def finished(experiments: Experiments, root: Path) -> Iterator[Task]:
    """The finished, timed jobs below `results/<scale>`; those of other recipes are left aside."""
    for file in sorted(root.rglob(f"*{ENDING}")):
        made = f"{root.name}/{file.relative_to(root)}".removesuffix(ENDING)
        for rule in RULES.values():
            job = _job(rule.name, rule.benchmark, made)
            if job is None:
                continue
            with suppress(FameError):  # of a run or data that the scale does not have
                task = task_of(experiments, job)
                if task.data is None or applies(rule, experiments.scale, task.data):
                    yield task


def _job(rule: str, benchmark: str | None, made: str) -> Job | None:
    """The job whose benchmark file is `made` plus its ending; None if it is another rule's."""
    if benchmark is None:
        return None
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(benchmark.removesuffix(ENDING)))
    match = re.fullmatch(pattern, made)
    if match is None:
        return None
    found = match.groupdict()
    part = f"{found['shard']}-of-{found['shards']}" if "shard" in found else ""
    return Job(rule, found.get("run"), found.get("data"), part, done=True)


def measured(experiments: Experiments, root: Path, where: str) -> Paces:
    """The paces of all finished jobs.

    Args:
        experiments: the scale.
        root: `results/<scale>`.
        where: the machine, in words.
    """
    tasks = list(finished(experiments, root))
    known = history(tasks, root).by_kind
    paces = {pace_of(experiments.scale, task): known[task.kind] for task in tasks}
    return Paces(where, f"{datetime.now(UTC):%Y-%m-%d}", paces)


def main() -> None:
    """Print the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="results/<scale>")
    parser.add_argument("--scale", help="the scale (default: the folder's name)")
    parser.add_argument("--where", required=True, help="the machine, in words")
    given = parser.parse_args()
    experiments = Experiments(given.scale or given.root.name, TABLES)
    sys.stdout.write(written(measured(experiments, given.root, given.where)))


if __name__ == "__main__":
    main()
