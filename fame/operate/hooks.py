"""What the workflow does when it starts and when it fails. No torch."""

import sys
from pathlib import Path
from typing import Any

from snakemake.exceptions import WorkflowError
from snakemake.shell import shell

from fame.core.errors import FameError
from fame.operate.workplace import occupy
from fame.pipeline.experiments import Experiments
from fame.report.tables.partial import leave

NEEDLESS = (100, 1)
"""Snakemake's default limit: 100 jobs in one second."""


def start(workflow: Any, place: Path) -> None:
    """Let one workflow at a time into a folder, whoever started it.

    Args:
        workflow: Snakemake's.
        place: the working folder, held for as long as this process lives.

    Raises:
        WorkflowError: another workflow holds the folder; Snakemake shows its one sentence.
    """
    try:
        occupy(place)
    except FameError as error:
        raise WorkflowError(str(error)) from None
    stop_needless_waking(workflow)


def expect(workflow: Any, experiments: Experiments, root: Path) -> None:
    """Tell the panel, if one is shown, what the jobs take; without it nothing is read.

    Args:
        workflow: Snakemake's.
        experiments: the active scale and its tables.
        root: `results/<scale>`.
    """
    module = sys.modules.get("fame.operate.panel.handler")
    for handler in module.ACTIVE if module else ():
        from fame.operate.panel.expected import expected

        try:
            handler.expect(expected(workflow.dag, experiments, root, _cores(workflow)))
        except FameError as error:  # a broken file of a finished job must not stop the others
            print(f"fame: the time left is unknown: {error}", file=sys.stderr)


def _cores(workflow: Any) -> int:
    """The cores that a workflow may use; of a cluster's, none are known, so as many as jobs."""
    settings = workflow.resource_settings
    return max(1, settings.cores or settings.nodes or 1)


def prefix_shell(text: str) -> None:
    """Begin every shell command of the workflow with a text.

    There is one such text in a process, so a second scale's would replace the first one's.

    Raises:
        WorkflowError: another text is set, by a second `module` or by the outer workflow.
    """
    before = shell._process_prefix
    shell.prefix(text)
    if before and before != shell._process_prefix:
        raise WorkflowError(
            "FAME's commands need shell.prefix, which is set already: use one `module` of FAME in "
            "a workflow, and no shell.prefix beside it"
        )


def stop_needless_waking(workflow: Any) -> None:
    """Remove Snakemake's default limit of 100 jobs a second, unless the user chose another.

    Because of it, the scheduler wakes up once a second for every job that was ever started, which
    took half a core at the end of a Table 5 of 101 jobs.
    """
    scheduler = workflow.scheduler
    limiter = getattr(scheduler, "job_rate_limiter", None)
    if workflow.local_exec and limiter and (limiter.max_jobs, limiter.timespan) == NEEDLESS:
        scheduler.job_rate_limiter = None


def leave_partial_tables(dag: Any, experiments: Experiments, root: Path) -> list[str]:
    """After a failure, write the unfinished tables partially.

    Files that other unfinished jobs should have made count as missing, even if outdated ones exist.

    Args:
        dag: Snakemake's graph of jobs.
        experiments: the active scale and its tables.
        root: `results/<scale>`.

    Returns:
        A sentence for each table.
    """
    unfinished = list(dag.needrun_jobs())
    unmade = {str(file) for job in unfinished for file in job.output}
    tables = [Path(job.output[0]) for job in unfinished if job.rule.name in {"table", "publish"}]
    wanted = sorted((path.stem, path) for path in tables)
    return leave(experiments, wanted, root / "evaluate", unmade)
