"""Videos of a data instance, disk, and memory."""

import dataclasses
import shutil

import pytest
import yaml
from micro_world import MICRO, choose

from fame.config.reading import load_scale
from fame.config.sources import load_sources
from fame.core.errors import FameError
from fame.operate.plan.estimate import History, Measured
from fame.operate.plan.jobs import Job, Task
from fame.operate.plan.needs import Counts, Memory, count, disk, free, memory

COUNTS = Counts({"train": 10, "val": 0, "test": 4, "unused": 0}, "generated", size=1000)
NOTHING = History({}, ())


def task(rule, data="ucf101-w0", *, run=None, done=False):
    job = Job(rule, run.id if run else None, data, "", done)
    return Task(job, run, data, "moco", "r2plus1d", data.split("-")[0], 0, 1)


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
    plain, altered = 14 * 2 * 32 * 4, 4 * 2 * 5 * 32 * 4
    assert spaces(scale, [task("features")])["features"] == plain
    assert spaces(scale, [task("features"), task("conditions")])["features"] == plain + altered


def test_the_worlds_of_all_seeds_are_added_up(scale):
    found = spaces(scale, [task("world"), task("world", "ucf101-w0"), task("index", "hmdb51-w0")])
    assert (found["ucf101"], found["hmdb51"]) == (1000, 1000)


def test_sizes_of_encoders_come_from_finished_runs(scale):
    runs = [task("pretrain", run=choose(MICRO, "moco-fame")[1]) for _ in range(3)]
    assert spaces(scale, runs)["encoders"] is None
    known = History({("pretrain", "random", "r2plus1d", ""): Measured(1, 1, 1, encoder=50)}, ())
    found = spaces(scale, runs, known)
    assert (found["encoders"], found["checkpoints"]) == (150, None)
    assert spaces(scale, [task("pretrain", run=choose(MICRO, "random")[1])])["checkpoints"] == 0


def test_free_disk_is_of_the_nearest_folder_that_exists(tmp_path):
    expected = shutil.disk_usage(tmp_path).total
    assert 0 < free(tmp_path / "not" / "yet") <= expected


def test_memory_is_claimed_and_measured(scale):
    claimed = scale.resources.mem_mb
    assert memory(scale, NOTHING) == Memory(claimed, None, None)
    known = History({("a", "", "", ""): Measured(1, 1, 300.5, 40.2)}, ())
    assert memory(scale, known) == Memory(claimed, 300, 40)


def test_a_world_is_counted_from_its_settings(tmp_path):
    found = count(load_scale(str(MICRO)), "hmdb51-w0", tmp_path)
    assert found.splits == {"train": 16, "val": 0, "test": 8, "unused": 2}
    assert (found.usable, found.every) == (24, 26)
    assert found.source == "generated" and found.missing is None


def test_a_manifest_is_what_counts_once_it_is_there(micro, tmp_path):
    micro = micro.copy(tmp_path / "data")
    table = micro.videos().table
    train = int((table["split"] == "train").sum())
    found = count(load_scale(str(MICRO)), "kinetics400-w0", tmp_path)
    assert (found.source, found.splits["train"], found.every) == ("indexed", train, len(table))
    broken = micro.videos()
    rows = broken.table.assign(status=["broken"] + ["ok"] * (len(table) - 1))
    dataclasses.replace(broken, table=rows).write(micro.manifest())
    assert count(load_scale(str(MICRO)), "kinetics400-w0", tmp_path).every == len(table) - 1


def test_absent_videos_are_counted_officially_and_said_to_be_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("FAME_DATA", str(tmp_path / "nowhere"))
    found = count(load_scale("paper"), "ucf101", tmp_path)
    assert (found.splits["train"], found.splits["test"], found.source) == (9537, 3783, "official")
    assert found.missing.startswith("ucf101: ") and "nowhere" in found.missing
    assert found.size > 7_000_000_000


def test_videos_on_disk_are_listed(tmp_path, root):
    settings = yaml.safe_load((root / "config" / "scales" / "paper.yaml").read_text())
    videos = tmp_path / "kinetics400" / "videos"
    settings["datasets"]["kinetics400"] |= {"root": str(videos), "annotations": None}
    scale = tmp_path / "own.yaml"
    scale.write_text(yaml.safe_dump(settings))
    for name in ("train/juggling/a_000001_000011.mp4", "val/juggling/b_000001_000011.mp4"):
        path = videos / name
        path.parent.mkdir(parents=True)
        path.touch()
    found = count(load_scale(str(scale)), "kinetics400", tmp_path / "results")
    space = load_sources()["kinetics400"].space
    # Its archives are deleted one by one as they are unpacked.
    assert found == Counts({"train": 1, "val": 1, "test": 0, "unused": 0}, "listed", space.videos)


def test_nothing_tells_of_a_dataset_without_published_counts(tmp_path, root):
    settings = yaml.safe_load((root / "config" / "scales" / "paper.yaml").read_text())
    toy = root / "tests" / "workflow" / "toys" / "gestures.py"
    settings["datasets"]["diving48"]["kind"] = str(toy)
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(settings))
    with pytest.raises(FameError, match=r"dataset diving48: .*train\.json is missing"):
        count(load_scale(str(path)), "diving48", tmp_path)
