"""What the jobs of a workflow that starts will take, by finished jobs and the shipped paces."""

from pathlib import Path
from typing import Any

from fame.operate.panel.progress import Cost, JobKey, key_of
from fame.operate.plan.estimate import history
from fame.operate.plan.jobs import Job, Task, task_of
from fame.operate.plan.paces import completed, shipped
from fame.pipeline.experiments import Experiments
from fame.pipeline.steps import RULES


def expected(dag: Any, experiments: Experiments, root: Path, cores: int) -> dict[JobKey, Cost]:
    """The cost of every job that is to be done; jobs that take a second cost nothing.

    Args:
        dag: Snakemake's graph of jobs.
        experiments: the active scale and its tables.
        root: `results/<scale>`.
        cores: that the workflow may use.
    """
    waiting = set(dag.needrun_jobs())
    tasks = {job: _task(experiments, job, job not in waiting) for job in dag.jobs}
    known = [task for task in tasks.values() if task is not None]
    finished = completed(history(known, root), known, experiments.scale, shipped())
    gpus = experiments.scale.resources.nodes * experiments.scale.resources.gpus
    costs = {}
    for job in waiting:
        task, rule = tasks[job], RULES.get(job.rule.name)
        seconds = finished.seconds(task) if task else None
        if rule is not None and not rule.timed:
            seconds = 0.0
        share = max((task.threads if task else 1) / cores, task.gpus / gpus if task and gpus else 0)
        kind = task.kind if task else job.rule.name
        costs[key_of(job.rule.name, job.wildcards_dict)] = Cost(kind, seconds, min(1.0, share))
    return costs


def _task(experiments: Experiments, job: Any, done: bool) -> Task | None:
    """A job of Snakemake's as a task; None for one that is not about a run or data."""
    own = job.wildcards_dict
    if not {"run", "data"} & own.keys():
        return None
    part = f"{own['shard']}-of-{own['shards']}" if "shard" in own else ""
    return task_of(experiments, Job(job.rule.name, own.get("run"), own.get("data"), part, done))
