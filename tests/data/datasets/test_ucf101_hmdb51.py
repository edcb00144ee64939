"""UCF101 and HMDB51 as one dataset: paths, groups and splits of both."""

import pandas as pd
import pytest

from fame.core.errors import FameError
from fame.data.datasets import hmdb51, read, ucf101

LISTED = {
    "ucf101/classInd.txt": "1 Punch\n",
    "ucf101/trainlist01.txt": "Punch/v_Punch_g08_c01.avi 1\nPunch/v_Punch_g09_c01.avi 1\n",
    "ucf101/testlist01.txt": "Punch/v_Punch_g01_c01.avi\n",
    "hmdb51/punch_test_split1.txt": "Film_punch_u_0.avi 1\nOther_punch_u_0.avi 2\nodd.avi 0\n",
}
PRESENT = [
    "UCF-101/Punch/v_Punch_g01_c01.avi",
    "UCF-101/Punch/v_Punch_g08_c01.avi",
    "UCF-101/Punch/extra.avi",
    "jhmdb/punch/Film_punch_u_0.avi",
    "jhmdb/punch/Other_punch_u_0.avi",
    "jhmdb/punch/odd.avi",
]


@pytest.fixture
def both(tmp_path):
    """Empty files in the two layouts, and their lists."""
    files = {f"lists/{name}": text for name, text in LISTED.items()}
    for name, text in (files | {f"clips/{name}": "" for name in PRESENT}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "clips", tmp_path / "lists"


def test_videos_of_both_keep_their_splits_and_lie_below_one_root(both):
    table = read("ucf101_hmdb51", *both, missing="skip").table.set_index("path")
    assert table["split"].to_dict() == {
        "UCF-101/Punch/v_Punch_g08_c01.avi": "train",
        "UCF-101/Punch/v_Punch_g01_c01.avi": "test",
        "jhmdb/punch/Film_punch_u_0.avi": "train",
        "jhmdb/punch/Other_punch_u_0.avi": "test",
        "jhmdb/punch/odd.avi": "unused",
    }
    assert all((both[0] / path).is_file() for path in table.index)
    *groups, none = table["group"]
    assert groups == ["UCF-101 g08", "UCF-101 g01", "jhmdb Film", "jhmdb Other"]
    assert pd.isna(none)


def test_classes_absent_and_unnamed_videos_are_those_of_both(both):
    found = read("ucf101_hmdb51", *both, missing="skip")
    assert found.classes == ["Punch", "punch"]
    assert found.absent == ("UCF-101/Punch/v_Punch_g09_c01.avi",)
    assert found.unnamed == ("UCF-101/Punch/extra.avi",)
    with pytest.raises(FameError, match="1 of 6 annotated videos are not under"):
        read("ucf101_hmdb51", *both)


def test_a_missing_half_is_named(both):
    (both[0] / "jhmdb").rename(both[0] / "hmdb")
    with pytest.raises(FameError, match=r"clips/jhmdb does not exist"):
        read("ucf101_hmdb51", *both, missing="skip")


def test_real_clips_are_those_of_both(shared):
    """70 and 124 training videos, 42 and 56 for tests: tests of each dataset count them."""
    found = read("ucf101_hmdb51", shared / "videos", shared / "annotations", 1, "skip")
    assert found.table["split"].value_counts().to_dict() == {"train": 194, "test": 98}
    assert len(found.absent) == 13320 + 6766 - 292


def test_no_class_is_in_both_lists(shared):
    lists = shared / "annotations"
    classes = ucf101.parse(lists / "ucf101", 1).classes + hmdb51.parse(lists / "hmdb51", 1).classes
    assert len(set(classes)) == len(classes) == 152
