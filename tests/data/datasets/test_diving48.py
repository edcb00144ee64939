"""Diving48: its lists, and what is on disk."""

import json

import pytest

from fame.core.errors import FameError
from fame.data.datasets import diving48, read


def counts(parsed):
    return parsed.table["split"].value_counts().to_dict()


def test_official_diving48_counts(shared):
    parsed = diving48.parse(shared / "annotations/diving48")
    table = parsed.table.assign(frames=parsed.table["end"] - parsed.table["start"])
    assert counts(parsed) == {"train": 15027, "test": 1970}
    assert (len(parsed.classes), table["label"].nunique()) == (48, 47)
    lengths = table.groupby("split")["frames"]
    assert lengths.min().to_dict() == {"train": 24, "test": 24}
    assert lengths.max().to_dict() == {"train": 822, "test": 331}
    assert (table["frames"] < 32).sum() == 27


@pytest.fixture
def diving(tmp_path):
    def write(train):
        clip = {"vid_name": "b_00001", "label": 0, "start_frame": 0, "end_frame": 9}
        (tmp_path / "Diving48_vocab.json").write_text(json.dumps([["Back", "1som"], ["Fwd", "x"]]))
        (tmp_path / "Diving48_V2_train.json").write_text(json.dumps(train))
        (tmp_path / "Diving48_V2_test.json").write_text(json.dumps([clip]))
        return tmp_path

    return write


CLIP = {"vid_name": "a_b_00002", "label": 0, "start_frame": 4, "end_frame": 9}


@pytest.mark.parametrize("folder", ["rgb", "."])
def test_diving48_ranges_and_populated_classes(diving, tmp_path, folder):
    root = tmp_path / "root"
    (root / folder).mkdir(parents=True)
    for name in ("a_b_00002", "b_00001"):
        (root / folder / f"{name}.mp4").touch()
    annotations = read("diving48", root, diving([CLIP]))
    assert annotations.classes == ["Back_1som"]
    assert annotations.table[["start", "end"]].iloc[0].tolist() == [4, 9]
    assert annotations.table["group"].tolist() == ["a_b", "b"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": 2}, "vocabulary"),
        ({"end_frame": 4}, "not a range"),
        ({"vid_name": "b_00001"}, "both test and train"),
        ({"label": None}, "entry 0"),
    ],
)
def test_bad_diving48_entries(diving, change, words):
    with pytest.raises(FameError, match=words):
        diving48.parse(diving([CLIP | change]))


@pytest.mark.parametrize("text", ["{", "{}"])
def test_diving48_list_that_is_no_list(diving, text):
    folder = diving([CLIP])
    (folder / "Diving48_V2_test.json").write_text(text)
    with pytest.raises(FameError, match="Diving48_V2_test"):
        diving48.parse(folder)
