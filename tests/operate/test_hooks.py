"""What the workflow does at its start and after a failure, without running one."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from made_results import experiments, write_results
from micro_world import ROOT
from snakemake.exceptions import WorkflowError

from fame.operate import hooks
from fame.pipeline.experiments import result_file


def workflow(jobs=100, seconds=1, local=True):
    """What the hooks ask of Snakemake's workflow."""
    limiter = SimpleNamespace(max_jobs=jobs, timespan=seconds)
    scheduler = SimpleNamespace(job_rate_limiter=limiter)
    return SimpleNamespace(scheduler=scheduler, local_exec=local)


def test_the_limit_that_nobody_chose_is_taken_away():
    ours = workflow()
    hooks.stop_needless_waking(ours)
    assert ours.scheduler.job_rate_limiter is None


@pytest.mark.parametrize("given", [{"jobs": 50}, {"seconds": 2}, {"local": False}])
def test_a_chosen_limit_and_a_clusters_stay(given):
    chosen = workflow(**given)
    hooks.stop_needless_waking(chosen)
    assert chosen.scheduler.job_rate_limiter is not None


def test_a_scheduler_without_a_limit_is_left_alone():
    hooks.stop_needless_waking(SimpleNamespace(scheduler=SimpleNamespace(), local_exec=True))


def test_a_second_workflow_in_a_folder_is_refused(tmp_path):
    hold = "import sys; from pathlib import Path; from fame.operate.workplace import occupy\n"
    hold += f"occupy(Path({str(tmp_path)!r})); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(WorkflowError, match=f"running in .* \\(process {other.pid} "):
            hooks.start(workflow(), tmp_path)
        other.stdin.close()
    ours = workflow()
    hooks.start(ours, tmp_path)
    assert ours.scheduler.job_rate_limiter is None


def job(rule, *output):
    return SimpleNamespace(rule=SimpleNamespace(name=rule), output=list(output))


def test_what_there_is_of_unfinished_tables_is_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given, root = experiments("mini", ROOT), tmp_path / "results" / "mini"
    write_results(given, root / "evaluate")
    cell = next(given.cells(["table5"]))
    result = result_file(given.scale, cell.runs[0], cell.dataset, cell.task)
    table = str(root / "tables" / "table5.csv")
    unfinished = [
        job("linear", str(root / "evaluate" / result)),
        job("table", table, table.replace(".csv", ".md")),
        job("publish", str(tmp_path / "results" / "table5.csv")),
        job("report", str(root / "report.html")),
    ]
    dag = SimpleNamespace(needrun_jobs=lambda: iter(unfinished))
    sentences = hooks.leave_partial_tables(dag, given, root)
    assert len(sentences) == 2
    assert all("table5 is partial, 1 of " in sentence for sentence in sentences)
    assert (root / "tables" / "table5.partial.csv").is_file()
    assert (tmp_path / "results" / "table5.partial.csv").is_file()
