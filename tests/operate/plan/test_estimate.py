"""What finished jobs took, by their cards and benchmark files, and all jobs on a machine."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.core.errors import FameError
from fame.operate.plan.estimate import History, Timed, benchmark, history, wall_clock
from fame.operate.plan.jobs import Job, Task

HEAD = "s\th:m:s\tmax_rss\n"


def task(rule, *, run="run", data="ucf101-w0", done=True, gpus=0):
    job = Job(rule, run, data, "", done)
    return Task(job, None, data, "moco", "r2plus1d", "ucf101", gpus, 1)


def write(root, rule, seconds, rss, run="run"):
    path = benchmark(task(rule, run=run).job, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEAD}{seconds}\t0:00:00\t{rss}\n")
    return path


def card(root, run="run", **facts):
    path = root / "pretrain" / run / "card.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"seconds": 0, "environment": {"device": "cpu", "processes": 1}} | facts
    path.write_text(json.dumps(content))


def test_the_mean_of_finished_jobs_is_their_time(tmp_path):
    tasks = [task("features", run=run) for run in ("a", "b")]
    for run, seconds, rss in (("a", 10, 300), ("b", 20, 500)):
        write(tmp_path, "features", seconds, rss, run)
    found = history(tasks, tmp_path)
    assert found.seconds(tasks[0]) == 15
    assert found.by_kind[tasks[0].kind].host_mib == 500
    assert found.seconds(task("linear")) is None


def test_jobs_that_are_not_done_tell_nothing(tmp_path):
    write(tmp_path, "features", 10, 300)
    assert history([task("features", done=False)], tmp_path) == History({}, ())
    assert history([task("bias"), task("table")], tmp_path).by_kind == {}


def test_a_card_knows_all_attempts_processes_memory_and_the_device(tmp_path):
    environment = {"device": "Some GPU", "processes": 4}
    card(tmp_path, seconds=100, environment=environment, peak_memory_mib={"device": 700})
    write(tmp_path, "pretrain", 30, 900)
    (tmp_path / "pretrain" / "run" / "encoder.safetensors").write_bytes(b"12345")
    found = history([task("pretrain", gpus=4)], tmp_path)
    measured = found.by_kind[task("pretrain").kind]
    assert (measured.seconds, measured.device_mib, measured.encoder) == (400, 700, 5)
    assert found.devices == ("Some GPU",)
    assert found.seconds(task("pretrain", gpus=4)) == 100
    assert found.seconds(task("pretrain", gpus=2)) == 200


def test_a_resumed_finetuning_counts_all_its_attempts(tmp_path):
    path = write(tmp_path, "finetune", 5, 300)
    path.with_name("finetune.json").write_text(json.dumps({"details": {"seconds": 50}}))
    assert history([task("finetune")], tmp_path).seconds(task("finetune")) == 50


def test_broken_files_are_named(tmp_path):
    path = write(tmp_path, "features", "soon", 300)
    with pytest.raises(FameError, match=r"benchmark\.tsv: not a benchmark file"):
        history([task("features")], tmp_path)
    path.unlink()
    write(tmp_path, "pretrain", 1, 1)
    card(tmp_path)
    (tmp_path / "pretrain" / "run" / "card.json").write_text("[]")
    with pytest.raises(FameError, match=r"card\.json: not a run's card"):
        history([task("pretrain")], tmp_path)


def waiting(rule, run=None, data=None, *, gpus=0):
    return Task(Job(rule, run, data, "", False), None, data, "", "", "", gpus, 1)


def test_a_chain_waits_and_others_do_not():
    jobs = [
        Timed(waiting("pretrain", "a", None), 10),
        Timed(waiting("features", "a", "u"), 5),
        Timed(waiting("linear", "a", "u"), 1),
        Timed(waiting("pretrain", "b", None), 4),
    ]
    assert wall_clock(jobs, cores=1, gpus=0) == 20
    assert wall_clock(jobs, cores=2, gpus=0) == 16
    assert wall_clock(jobs[1:3], cores=9, gpus=0) == 6
    assert wall_clock([], cores=1, gpus=0) == 0


def test_gpus_are_shared_out():
    jobs = [Timed(waiting("pretrain", name, gpus=2), 10) for name in "abcd"]
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
        Timed(waiting(rule, None if rule in {"world", "index"} else run, "u"), seconds)
        for (rule, run), seconds in unique.items()
    ]
    total = sum(job.seconds for job in jobs)
    found = wall_clock(jobs, cores, 0)
    assert max([total / cores, *(job.seconds for job in jobs)], default=0) <= found + 1e-9
    assert found <= total
    assert wall_clock(jobs, 1, 0) == total


def test_jobs_that_are_ready_together_run_together():
    for count, cores in itertools.product((1, 2, 3, 7), (1, 2, 3)):
        jobs = [Timed(waiting("finetune", str(n), "u"), 3) for n in range(count)]
        assert wall_clock(jobs, cores, 0) == 3 * -(-count // cores)
