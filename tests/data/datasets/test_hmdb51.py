"""HMDB51: its lists, and what is on disk."""

import pytest

from fame.core.errors import FameError
from fame.data.datasets import hmdb51, read


def counts(parsed):
    return parsed.table["split"].value_counts().to_dict()


@pytest.mark.parametrize("split", [1, 2, 3])
def test_official_hmdb51_counts(shared, split):
    parsed = hmdb51.parse(shared / "annotations/hmdb51", split)
    assert counts(parsed) == {"train": 3570, "test": 1530, "unused": 1666}
    assert len(parsed.classes) == 51
    assert parsed.table["group"].notna().all()


def test_hmdb51_names_with_odd_characters_are_found(shared):
    annotations = read("hmdb51", shared / "videos/jhmdb", shared / "annotations/hmdb51", 1, "skip")
    assert counts(annotations) == {"train": 124, "test": 56}
    assert annotations.table["video"].str.contains(r"[()!]").any()
    sides = annotations.table.groupby(["label", "group"])["split"].nunique()
    assert sides.max() == 1


def test_hmdb51_lists(tmp_path):
    lists = tmp_path / "testTrainMulti_7030_splits"
    lists.mkdir()
    names = "A_(Film)!_wave_u_cm_1.avi 1 ", "B_#&_wave_u_cm_1.avi 2", "odd.avi 0"
    (lists / "wave_test_split1.txt").write_bytes("\r\n".join(names).encode())
    (lists / "wave_test_split2.txt").write_text("A_wave_u.avi 1")
    for folder in (tmp_path, lists):
        parsed = hmdb51.parse(folder, 1)
        assert parsed.table["split"].tolist() == ["train", "test", "unused"]
        assert parsed.table["group"].tolist()[:2] == ["A_(Film)!", "B_#&"]
        assert parsed.table["group"].isna().tolist() == [False, False, True]
    with pytest.raises(FameError, match="no list of split 3"):
        hmdb51.parse(tmp_path, 3)
    (lists / "wave_test_split2.txt").write_text("A_wave_u.avi 5")
    with pytest.raises(FameError, match="line 1: expected"):
        hmdb51.parse(tmp_path, 2)
