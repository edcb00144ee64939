"""Videos of a data instance: from the manifest, the world's settings, lists, or official counts."""

import dataclasses

import pytest
import yaml
from micro_world import MICRO

from fame.config.reading import load_scale
from fame.config.sources import load_sources
from fame.core.errors import FameError
from fame.operate.plan.counts import Counts, count


def test_a_world_is_counted_from_its_settings(tmp_path):
    found = count(load_scale(str(MICRO)), "hmdb51-w0", tmp_path)
    assert (found.train, found.val, found.test, found.unused) == (16, 0, 8, 2)
    assert (found.usable, found.every) == (24, 26)
    assert found.source == "generated" and found.missing is None
    assert found.decoded == 16 * 40 * 40 * 3


def test_a_manifest_is_what_counts_once_it_is_there(micro, tmp_path):
    micro = micro.copy(tmp_path / "data")
    table = micro.videos().table
    train = int((table["split"] == "train").sum())
    found = count(load_scale(str(MICRO)), "kinetics400-w0", tmp_path)
    assert (found.source, found.train, found.every) == ("indexed", train, len(table))
    assert found.decoded == 16 * 40 * 40 * 3
    broken = micro.videos()
    rows = broken.table.assign(status=["broken"] + ["ok"] * (len(table) - 1))
    dataclasses.replace(broken, table=rows).write(micro.manifest())
    assert count(load_scale(str(MICRO)), "kinetics400-w0", tmp_path).every == len(table) - 1


def test_a_cached_frame_is_as_large_as_it_is_read(micro, tmp_path):
    micro = micro.copy(tmp_path / "data")
    scale = load_scale(str(micro.scale("half", {"max_short_side": 20})))
    found = count(scale, "ucf101-w0", tmp_path)
    assert found.decoded == 16 * 20 * 20 * 3


def test_absent_videos_are_counted_officially_and_said_to_be_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("FAME_DATA", str(tmp_path / "nowhere"))
    found = count(load_scale("paper"), "ucf101", tmp_path)
    assert (found.train, found.test, found.source) == (9537, 3783, "official")
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
    assert found == Counts(1, 1, 0, 0, "listed", None, space.videos, None)


def test_nothing_tells_of_a_dataset_without_published_counts(tmp_path, root):
    settings = yaml.safe_load((root / "config" / "scales" / "paper.yaml").read_text())
    toy = root / "tests" / "workflow" / "toys" / "gestures.py"
    settings["datasets"]["diving48"]["kind"] = str(toy)
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(settings))
    with pytest.raises(FameError, match=r"dataset diving48: .*train\.json is missing"):
        count(load_scale(str(path)), "diving48", tmp_path)
