"""Seconds of a job from a profile, and of all jobs on a machine."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from micro_world import MICRO

from fame.config.reading import load_scale
from fame.operate.plan.history import History
from fame.operate.plan.hours import Rates, Timed, wall_clock
from fame.operate.plan.jobs import Job
from fame.operate.plan.pace import Entry, Machine, Pace
from fame.operate.plan.work import Part, Piece, Task

PIECE = Piece("pretrain", "moco", "r2plus1d", "kinetics400", "00", None)
NOTHING = History({}, ())


def task(rule, run=None, data=None, *, parts=(), gpus=0, threads=1):
    return Task(Job(rule, run, data, "", False), data, "", "", "", parts, gpus, threads)


def pace(read, compute, settings="00"):
    entry = Entry(settings=settings, backbone="r2plus1d", read=read, compute=compute, clips=2)
    machine = Machine(kind="cpu", device="some", threads=1, torch="2")
    return Pace(
        version=1, measured="now", machine=machine, start=1, host_mib=1, entries={PIECE.name: entry}
    )


def rates(profile, micro, **resources):
    changes = {f"resources.{key}": value for key, value in resources.items()}
    scale = load_scale(str(micro.scale("own", changes))) if changes else None
    return Rates(scale or load_scale(str(MICRO)), profile, NOTHING)


def test_without_workers_reading_adds_to_computing(micro):
    job = task("pretrain", parts=(Part(PIECE, videos=100, reads=10),))
    assert rates(pace(0.5, 0.2), micro).seconds(job) == pytest.approx(1 + 10 * 0.5 + 100 * 0.2)


def test_with_workers_the_slower_of_reading_and_computing_counts(micro):
    known = rates(pace(0.5, 0.2), micro, workers=3, gpus=2, threads=100)
    job = task("pretrain", parts=(Part(PIECE, videos=100, reads=100),), gpus=2, threads=100)
    assert known.seconds(job) == pytest.approx(1 + max(100 * 0.5 / 6, 100 * 0.2 / 2))
    slow = task("pretrain", parts=(Part(PIECE, videos=100, reads=10),), gpus=2, threads=100)
    assert known.seconds(slow) == pytest.approx(1 + 100 * 0.2 / 2)


@pytest.mark.parametrize("profile", [pace(1, 1, settings="other"), pace(1, 1)])
def test_what_the_profile_lacks_is_unknown(micro, profile):
    missing = Piece("finetune", "", "r2plus1d", "ucf101", "00", None)
    job = task("finetune", parts=(Part(missing, 1, 1), Part(PIECE, 1, 1)))
    known = rates(profile, micro)
    assert known.seconds(job) is None
    expected = [missing.name] + (
        [PIECE.name] if profile.entries[PIECE.name].settings != "00" else []
    )
    assert known.lacking(job) == expected


def test_a_chain_waits_and_others_do_not():
    jobs = [
        Timed(task("pretrain", "a", None), 10),
        Timed(task("features", "a", "u"), 5),
        Timed(task("linear", "a", "u"), 1),
        Timed(task("pretrain", "b", None), 4),
    ]
    assert wall_clock(jobs, cores=1, gpus=0) == 20
    assert wall_clock(jobs, cores=2, gpus=0) == 16
    assert wall_clock(jobs[1:3], cores=9, gpus=0) == 6
    assert wall_clock([], cores=1, gpus=0) == 0


def test_gpus_are_shared_out():
    jobs = [Timed(task("pretrain", name, gpus=2), 10) for name in "abcd"]
    assert [wall_clock(jobs, 8, gpus) for gpus in (1, 2, 4, 8)] == [40, 40, 20, 10]


KINDS = st.sampled_from(["world", "index", "pretrain", "features", "linear", "finetune"])


@settings(max_examples=60)
@given(
    st.lists(st.tuples(KINDS, st.sampled_from("ab"), st.integers(1, 20)), max_size=9),
    st.integers(1, 4),
)
def test_no_schedule_beats_its_bounds(drawn, cores):
    """Never shorter than the work shared out or the longest job, never longer than one by one."""
    unique = {(rule, run): seconds for rule, run, seconds in drawn}
    jobs = [
        Timed(task(rule, None if rule in {"world", "index"} else run, "u"), seconds)
        for (rule, run), seconds in unique.items()
    ]
    total = sum(job.seconds for job in jobs)
    found = wall_clock(jobs, cores, 0)
    assert max([total / cores, *(job.seconds for job in jobs)], default=0) <= found + 1e-9
    assert found <= total
    assert wall_clock(jobs, 1, 0) == total


def test_jobs_that_are_ready_together_run_together():
    for count, cores in itertools.product((1, 2, 3, 7), (1, 2, 3)):
        jobs = [Timed(task("finetune", str(n), "u"), 3) for n in range(count)]
        assert wall_clock(jobs, cores, 0) == 3 * -(-count // cores)
