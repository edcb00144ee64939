"""A dataset to copies: shards, kills, quarantine, the manifest."""

import json
from dataclasses import replace

import pytest
from small_videos import write_dataset

from fame.core.errors import FameError
from fame.data import prepare as module
from fame.data.manifest import Manifest
from fame.data.prepare import gather, prepare, summary
from fame.data.video.transcode import Copying

SMALL = Copying(short_side=16, crf=18, keyframes=4)
LENGTHS = [5, 9, 7, 6]


@pytest.fixture
def originals(tmp_path):
    return write_dataset(tmp_path, LENGTHS)[0]


def run(originals, to, **options):
    return prepare(originals, to, SMALL, seconds=60, progress=False, **options)


def test_shards_together_are_the_dataset(originals, tmp_path):
    to = tmp_path / "copies"
    records = [run(originals, to, shard=shard, shards=3, workers=2) for shard in range(3)]
    assert [list(part) for part in records] == [["v0", "v3"], ["v1"], ["v2"]]
    together = {video: one for part in records for video, one in part.items()}
    made = gather(originals, to, together, tolerance=0)
    assert made.table["frames"].tolist() == LENGTHS
    assert made.table["path"].tolist() == [f"v{i}.avi.mp4" for i in range(4)]
    assert set(made.table["height"]) == {16}
    assert made.root == to
    assert made.fingerprint() != originals.fingerprint()
    alone = run(originals, tmp_path / "again")
    assert gather(originals, to, alone, tolerance=0).fingerprint() == made.fingerprint()
    assert (to / "v1.avi.mp4").read_bytes() == (tmp_path / "again/v1.avi.mp4").read_bytes()


def test_a_second_call_copies_only_what_is_missing(originals, tmp_path):
    to = tmp_path / "copies"
    run(originals, to)
    (to / "v2.avi.mp4").unlink()
    (to / ".v1.avi.mp4").write_bytes(b"what a kill left")
    records = run(originals, to)
    assert [record["done"] for record in records.values()] == [True, True, False, True]


def test_a_video_that_cannot_be_copied_is_quarantined(originals, tmp_path):
    (tmp_path / "v1.avi").write_bytes(b"broken since it was indexed")
    to, reports = tmp_path / "copies", tmp_path / "reports"
    records = run(originals, to)
    with pytest.raises(FameError, match=r"1 of 4 .*v1\.avi\.mp4: cannot be decoded"):
        gather(originals, to, records, tolerance=0, reports=reports)
    assert "v1,v1.avi.mp4,cannot be decoded" in (reports / "quarantine.csv").read_text()
    made = gather(originals, to, records, tolerance=0.25)
    assert made.table["status"].tolist()[1].startswith("cannot be decoded")
    assert len(made.select("train")) == 3


def test_quarantined_originals_stay_so_and_are_not_copied(originals, tmp_path):
    table = originals.table.assign(status=["ok", "broken.", "ok", "ok"])
    some = replace(originals, table=table)
    records = run(some, tmp_path / "copies")
    assert list(records) == ["v0", "v2", "v3"]
    made = gather(some, tmp_path / "copies", records, tolerance=0.25)
    assert made.table["status"][1] == "broken."


def test_a_missing_shard_is_named(originals, tmp_path):
    records = run(originals, tmp_path / "copies", shard=0, shards=2)
    with pytest.raises(FameError, match="2 videos are in no shard, for example v1; prepare all"):
        gather(originals, tmp_path / "copies", records, tolerance=0)


def test_ranges_of_frames_stay(originals, tmp_path):
    table = originals.table.assign(start=[1, 2, 3, 0], frames=[4, 5, 4, 6])
    some = Manifest("small", tmp_path, table, originals.classes)
    made = gather(some, tmp_path, run(some, tmp_path / "copies"), tolerance=0)
    assert made.table[["start", "frames"]].equals(table[["start", "frames"]])


def test_the_summary_counts_bytes_and_compares_a_sample(originals, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "COMPARED_EVERY", 2)
    records = run(originals, tmp_path / "copies")
    totals = summary(records.values())
    json.dumps(totals)
    assert (totals["videos"], totals["frames"], totals["compared"]) == (4, sum(LENGTHS), 2)
    paths = [tmp_path / "copies" / f"v{i}.avi.mp4" for i in range(4)]
    assert totals["bytes_after"] == sum(path.stat().st_size for path in paths)
    assert 0 < totals["ssim"] <= 1
    assert totals["sound"] == {"kept": 0, "none": totals["videos"], "undecodable": 0}
    with pytest.raises(FameError, match="No video could be prepared"):
        summary([{"reason": "broken."}])
