"""The plan as text and as JSON."""

import json

from fame.operate.plan.needs import Memory, Space
from fame.operate.plan.plan import SMALL, Clock, JobRow, Plan
from fame.operate.plan.text import as_json, text


def row(rule="pretrain", each=3600.0, *, needed=3, present=1, gpus=0, videos=1500):
    return JobRow(rule, "moco", "r2plus1d", "ucf101", needed, present, each, gpus, videos)


DISK = (Space("encoders", 2**20, "of 2 runs"),)


def plan(*rows, clocks=(), missing=(), disk=DISK):
    return Plan(
        target="table5",
        scale="micro",
        rows=rows,
        runs=3,
        present=1,
        measured="nothing yet",
        clocks=clocks,
        disk=disk,
        free=2**30,
        memory=Memory(1500, 700, None),
        at_a_time=2,
        left_out=(),
        missing=missing,
        notes=("a note",),
    )


def test_hours_are_those_of_jobs_that_are_left():
    made = plan(row(gpus=4), row("linear", 10, present=3))
    assert (made.hours, made.gpu_hours, made.complete) == (2, 8, True)
    said = text(made)
    assert "3 runs needed, 1 present, 2 to make" in said
    assert "time: 2.0 h of jobs, one after another; 8.0 GPU-hours" in said
    (line,) = (line for line in said.splitlines() if line.startswith("linear"))
    assert line.split()[-4:] == ["1,500", "10", "s", "-"]


def test_unknown_times_are_said_to_be_unknown():
    made = plan(row(each=None), row("linear", 3600))
    assert (made.hours, made.complete) == (2, False)
    assert "time: at least 2.0 h" in text(made)
    assert "time: unknown" in text(plan(row(each=None)))
    done = text(plan(row(each=None, present=3))).splitlines()
    assert "time: 0 s of jobs, one after another" in done


def test_small_jobs_have_no_time_of_their_own():
    said = text(plan(JobRow(SMALL, "", "", "", 5, 0, 0.0, 0, 0)))
    (line,) = (line for line in said.splitlines() if line.startswith(SMALL))
    assert line.split()[-2:] == ["5", "0"]


def test_columns_stand_below_each_other():
    lines = text(plan(row(), row("linear", 5))).splitlines()
    table = lines[lines.index("") + 1 :][:3]
    assert (
        len({line.index(word) for line, word in zip(table[1:], ("moco", "moco"), strict=True)}) == 1
    )


def test_what_is_missing_and_how_long_with_more_machines():
    clocks = (Clock(1, 1, 0, 2.0), Clock(2, 2, 4, 1.0))
    said = text(plan(row(), clocks=clocks, missing=("ucf101: gone",)))
    assert "2.0 h with 1 job at a time (1 core)" in said
    assert "60 min with 2 jobs at a time (2 cores, 4 GPUs)" in said
    assert "missing:\n  ucf101: gone" in said and "notes:\n  a note" in said
    assert "missing" not in text(plan(row()))


def test_unknown_disk_makes_the_sum_a_lower_bound():
    disk = (Space("encoders", 2**20, ""), Space("checkpoints", None, ""), Space("none", 0, ""))
    said = text(plan(row(), disk=disk))
    assert "disk: at least 1.0 MiB more, 1.0 GiB are free" in said
    assert "none" not in said


def test_json_holds_what_the_text_says():
    made = plan(row(gpus=2), row("linear", None))
    content = json.loads(json.dumps(as_json(made)))
    assert (content["runs"], content["present"], content["complete"]) == (3, 1, False)
    assert [one["hours"] for one in content["rows"]] == [2, None]
    assert [one["gpu_hours"] for one in content["rows"]] == [4, None]
    assert content["disk"][0] == {"name": "encoders", "size": 2**20, "note": "of 2 runs"}
