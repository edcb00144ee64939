"""Rows of a plan: jobs of one kind together, with the videos of their dataset."""

from micro_world import MICRO, TABLES, choose

from fame.operate.plan.estimate import History, Measured
from fame.operate.plan.jobs import Job, task_of
from fame.operate.plan.needs import count
from fame.operate.plan.plan import SMALL, Survey, rows_of
from fame.pipeline.experiments import Experiments


def survey(*jobs, scale=MICRO):
    """Jobs of a rule, run and data; only those of rules in `done` are."""
    experiments = Experiments(str(scale), TABLES)
    tasks = tuple(task_of(experiments, job) for job in jobs)
    return Survey(experiments, lambda data: count(experiments.scale, data, MICRO), tasks, MICRO, ())


def job(rule, data="ucf101-w0", *, run=None, done=False):
    return Job(rule, run.id if run else None, data, "", done)


def test_jobs_of_a_kind_are_one_row_in_the_pipelines_order():
    run = choose(MICRO, "moco-fame")[1]
    table, small = job("table", None), job("publish", None, done=True)
    jobs = (table, small, job("finetune", run=run), job("pretrain", None, run=run), job("world"))
    done = job("world", "ucf101-w1", done=True)
    finished = History({("world", "", "", "ucf101"): Measured(1, 60, 100)}, ())
    rows = rows_of(survey(*jobs, done), finished)
    assert [row.rule for row in rows] == ["world", "pretrain", "finetune", SMALL]
    world, pretrain, _, tables = rows
    assert (world.needed, world.present, world.hours) == (2, 1, 1 / 60)
    assert (pretrain.method, pretrain.dataset) == ("moco fame", "kinetics400")
    assert (tables.needed, tables.present, tables.hours, tables.videos) == (2, 1, 0, 0)


def test_videos_are_those_of_the_dataset():
    (row,) = rows_of(survey(job("index")), History({}, ()))
    assert row.videos == count(Experiments(str(MICRO), TABLES).scale, "ucf101-w0", MICRO).every > 0


def test_what_nobody_has_measured_is_unknown():
    """Not 0 s: neither a download, nor a rule that the pipeline does not know."""
    jobs = (job("source"), job("prepare"), job("gather"), job("somebody's"), job("other", None))
    rows = rows_of(survey(*jobs), History({}, ()))
    assert len(rows) == 5 and all(row.hours is None for row in rows)
