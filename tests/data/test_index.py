import pytest
from small_videos import pictures, write_video

from fame.core.errors import FameError
from fame.data.children import Undecided
from fame.data.index import index

QUIET = {"name": "small", "progress": False}


@pytest.fixture
def dataset(tmp_path):
    """Kinetics-like: three videos that decode and one that does not."""
    for i, part in enumerate(("train", "train", "val")):
        folder = tmp_path / part / ("odd one" if i % 2 else "even")
        folder.mkdir(parents=True)
        write_video(folder / f"v{i}.avi", pictures(5 + i))
    return tmp_path


def damage(root):
    (root / "train/even/v9.avi").touch()


def test_every_video_is_measured(dataset):
    manifest = index("kinetics400", dataset, None, workers=2, **QUIET)
    assert manifest.classes == ["even", "odd one"]
    rows = manifest.table.set_index("video")
    assert rows["frames"].to_dict() == {"v0": 5, "v1": 6, "v2": 7}
    assert rows["split"].to_dict() == {"v0": "train", "v1": "train", "v2": "val"}
    assert set(rows["status"]) == {"ok"}
    assert set(rows[["width", "height", "fps", "start"]].itertuples(index=False)) == {
        (32, 24, 25.0, 0)
    }
    assert (manifest.dataset, manifest.root) == ("small", dataset)
    assert all((dataset / path).is_file() for path in manifest.table["path"])


def test_the_number_of_workers_changes_nothing(dataset):
    damage(dataset)
    one, four = (
        index("kinetics400", dataset, None, tolerance=0.5, workers=w, **QUIET) for w in (1, 4)
    )
    assert one.fingerprint() == four.fingerprint()


def test_a_broken_video_is_quarantined_with_its_reason(dataset):
    damage(dataset)
    manifest = index("kinetics400", dataset, None, tolerance=0.25, **QUIET)
    row = manifest.table.set_index("video").loc["v9"]
    assert row["frames"] == 0
    assert row["status"] != "ok"
    assert str(dataset) not in row["status"]
    assert "v9" not in set(manifest.select("train").table["video"])


def test_too_many_broken_videos_stop_it(dataset):
    damage(dataset)
    with pytest.raises(FameError, match=r"1 of 4 .* 0\.24 \(train/even/v9\.avi: "):
        index("kinetics400", dataset, None, tolerance=0.24, **QUIET)


def test_the_quarantine_is_written_even_if_it_stops_the_run(dataset, tmp_path):
    damage(dataset)
    with pytest.raises(FameError, match="1 of 4"):
        index("kinetics400", dataset, None, reports=tmp_path / "out", **QUIET)
    head, row = (tmp_path / "out/quarantine.csv").read_text().splitlines()
    assert head == "video,path,reason"
    assert row.startswith("v9,train/even/v9.avi,cannot be decoded")
    (dataset / "train/even/v9.avi").unlink()
    index("kinetics400", dataset, None, reports=tmp_path / "out", **QUIET)
    assert (tmp_path / "out/quarantine.csv").read_text() == "video,path,reason\n"


def test_a_video_that_no_child_survives_is_quarantined(dataset, monkeypatch):
    def all_late(function, items, **_):
        return [Undecided("took longer than 1 s.") for _ in items]

    monkeypatch.setattr("fame.data.index.decide", all_late)
    with pytest.raises(FameError, match=r"3 of 3 .*took longer than 1 s"):
        index("kinetics400", dataset, None, **QUIET)


def test_no_root_and_no_video(tmp_path, shared):
    with pytest.raises(FameError, match="download"):
        index("kinetics400", tmp_path / "none", None, **QUIET)
    with pytest.raises(FameError, match="small: no annotated video"):
        index("ucf101", tmp_path, shared / "annotations/ucf101", missing="skip", **QUIET)


def test_what_is_absent_and_what_is_unnamed_is_named_before_it_is_refused(dataset, tmp_path):
    lists = tmp_path / "lists"
    lists.mkdir()
    head = "label,youtube_id,time_start,time_end,split\n"
    (lists / "train.csv").write_text(head + "even,v0,0,1,train\nodd one,gone,0,10,train\n")
    with pytest.raises(FameError, match="1 of 2 annotated"):
        index("kinetics400", dataset, lists, reports=tmp_path / "out", **QUIET)
    absent = (tmp_path / "out/absent.csv").read_text().splitlines()
    unnamed = (tmp_path / "out/unnamed.csv").read_text().splitlines()
    assert absent == ["path", "train/odd one/gone_000000_000010.mp4"]
    assert unnamed == ["path", "train/odd one/v1.avi", "val/even/v2.avi"]
    manifest = index("kinetics400", dataset, lists, missing=0.5, reports=tmp_path / "out", **QUIET)
    assert len(manifest) == 3


def test_annotated_ranges_are_honoured(tmp_path):
    for name in ("a_1", "b_1"):
        write_video(tmp_path / f"{name}.mkv", pictures(20))
    text = '[{{"vid_name": "{}", "label": 0, "start_frame": {}, "end_frame": {}}}]'
    (tmp_path / "Diving48_V2_train.json").write_text(text.format("a_1", 4, 30))
    (tmp_path / "Diving48_V2_test.json").write_text(text.format("b_1", 5, 12))
    (tmp_path / "Diving48_vocab.json").write_text('[["Back", "1som"]]')
    table = index("diving48", tmp_path, tmp_path, **QUIET).table
    assert table[["start", "frames"]].to_numpy().tolist() == [[4, 16], [5, 7]]
    (tmp_path / "Diving48_V2_test.json").write_text(text.format("b_1", 20, 30))
    table = index("diving48", tmp_path, tmp_path, tolerance=0.5, **QUIET).table
    assert "starts at frame 20" in table["status"][1]


def test_real_subset_of_ucf101(shared, tmp_path, caplog):
    (tmp_path / "Swing").symlink_to(shared / "videos/UCF-101/Swing")
    lists = shared / "annotations/ucf101"
    manifest = index("ucf101", tmp_path, lists, missing="skip", **QUIET)
    assert manifest.classes == ["Swing"]
    assert set(manifest.table["status"]) == {"ok"}
    assert {"train", "test"} == set(manifest.table["split"])
    assert "annotated videos are absent" in caplog.text


def test_classes_that_cannot_be_learnt_are_named(tmp_path, caplog):
    """One that is only tested, and one that lost its training video to the quarantine."""
    for path in ("train/run/a", "test/run/b", "test/walk/c", "test/jump/d", "val/fly/e"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        write_video(tmp_path / f"{path}.avi", pictures(5))
    (tmp_path / "train/jump").mkdir()
    (tmp_path / "train/jump/broken.avi").touch()
    manifest = index("kinetics400", tmp_path, None, tolerance=0.5, **QUIET)
    assert manifest.untrained_classes() == ["jump", "walk"]
    assert "small: no usable training video shows jump, walk" in caplog.text


def test_a_dataset_without_tests_has_no_such_classes(dataset, caplog):
    assert index("kinetics400", dataset, None, **QUIET).untrained_classes() == []
    assert "no usable training video" not in caplog.text
