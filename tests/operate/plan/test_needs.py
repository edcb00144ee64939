"""Disk and memory."""

import shutil

import pytest
from micro_world import MICRO

from fame.config.reading import load_scale
from fame.operate.plan.counts import Counts
from fame.operate.plan.estimate import History, Measured
from fame.operate.plan.jobs import Job
from fame.operate.plan.needs import Memory, disk, free, memory
from fame.operate.plan.work import Amount, Piece, Task

PIECE = Piece("pretrain", "moco", "r2plus1d", "kinetics400", "", None)
COUNTS = Counts(train=10, val=0, test=4, unused=0, source="generated", size=1000)
NOTHING = History({}, ())


def task(rule, data="ucf101-w0", *, run="a", done=False, amounts=()):
    job = Job(rule, run, data, "", done)
    return Task(job, data, "moco", "r2plus1d", data.split("-")[0], amounts, 0, 1)


@pytest.fixture
def scale():
    return load_scale(str(MICRO))


def spaces(scale, tasks, known=NOTHING):
    found = disk(scale, tasks, lambda _: COUNTS, known)
    return {space.name: space.size for space in found}


def test_what_is_done_takes_no_more_room(scale):
    tasks = [task("pretrain", done=True), task("features", done=True)]
    assert spaces(scale, tasks) == {"encoders": 0, "checkpoints": 0, "features": 0}


def test_features_are_float32_of_every_clip(scale):
    """Micro: 2 clips, 2 of them altered in 5 ways on test videos, 8 * 4 channels."""
    expected = (14 * 2 + 4 * 2 * 5) * 32 * 4
    assert spaces(scale, [task("features")])["features"] == expected


def test_the_worlds_of_all_seeds_are_added_up(scale):
    found = spaces(scale, [task("world"), task("world", "ucf101-w0"), task("index", "hmdb51-w0")])
    assert (found["ucf101"], found["hmdb51"]) == (1000, 1000)


def test_sizes_of_encoders_come_from_finished_runs(scale):
    runs = [task("pretrain", run=name, amounts=(Amount(PIECE, 1),)) for name in "abc"]
    assert spaces(scale, runs)["encoders"] is None
    known = History({("pretrain", "random", "r2plus1d", ""): Measured(1, 1, 1, encoder=50)}, ())
    found = spaces(scale, runs, known)
    assert (found["encoders"], found["checkpoints"]) == (150, None)


def test_free_disk_is_of_the_nearest_folder_that_exists(tmp_path):
    expected = shutil.disk_usage(tmp_path).total
    assert 0 < free(tmp_path / "not" / "yet") <= expected


def test_memory_is_claimed_and_measured(scale):
    claimed = scale.resources.mem_mb
    assert memory(scale, NOTHING) == Memory(claimed, None, None)
    known = History({("a", "", "", ""): Measured(1, 1, 300.5, 40.2)}, ())
    assert memory(scale, known) == Memory(claimed, 300, 40)
