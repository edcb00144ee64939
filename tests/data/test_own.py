"""Your own videos: class folders, no classes, a csv; each mistake is one sentence."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fame.core.errors import FameError
from fame.data.groups import Shares
from fame.data.own import Layout, match

NOTHING_HELD = Shares(0, 0, 0)
FOLDERS = Layout("folders", None, None, NOTHING_HELD)


@pytest.fixture
def root(tmp_path):
    for name in ("run/ann_1.avi", "run/bob_1.mp4", "jump/ann_2.avi", "jump/far/bob_2.avi"):
        (tmp_path / "videos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "videos" / name).write_bytes(b"x")
    (tmp_path / "videos" / "notes.txt").touch()
    return tmp_path / "videos"


def listed(root, text, shares=NOTHING_HELD, group=None):
    path = root.parent / "own.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return match(root, Layout("csv", path, group, shares))


def column(annotations, name):
    return dict(zip(annotations.table["path"], annotations.table[name], strict=True))


def test_a_folder_for_each_class(root):
    annotations = match(root, FOLDERS)
    assert annotations.classes == ["jump", "run"]
    assert column(annotations, "label") == {
        "jump/ann_2.avi": "jump",
        "jump/far/bob_2.avi": "jump",
        "run/ann_1.avi": "run",
        "run/bob_1.mp4": "run",
    }
    assert set(annotations.table["split"]) == {"train"}
    assert (annotations.absent, annotations.unnamed) == ((), ())


def test_a_pattern_finds_groups_and_they_stay_whole(root):
    held = Layout("folders", None, "(ann|bob)_", Shares(0, 0.5, 0))
    annotations = match(root, held)
    assert column(annotations, "group")["jump/far/bob_2.avi"] == "bob"
    sides = annotations.table.groupby("group")["split"].unique().map(list).to_dict()
    assert sorted(map(tuple, sides.values())) == [("test",), ("train",)]


@pytest.mark.parametrize("name", [b"run/\xe9t\xe9.mp4", b"\xe9t\xe9/v.mp4"])
@pytest.mark.parametrize("group", [None, "(.)_"])
def test_a_name_that_is_not_utf8_is_refused_with_its_bytes(root, name, group):
    file = root / os.fsdecode(name)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"x")
    said = r"videos: the name .*\\xe9t\\xe9.* is not UTF-8 .*; rename the file or the folder"
    with pytest.raises(FameError, match=said):
        match(root, Layout("folders", None, group, Shares(0, 0.5, 0)))
    with pytest.raises(FameError, match=said):
        match(root, Layout("none", None, None, NOTHING_HELD))
    # A video that the list leaves out only has to be reported.
    assert listed(root, "path\nrun/ann_1.avi\n").unnamed[-1] == os.fsdecode(name)


def test_a_split_that_would_hold_out_nothing_is_refused(root):
    """As with a pattern that finds the class: each class is then a single group."""
    for shares, said in (
        (Shares(0, 0.3, 0), r"\(test: 0.3\)"),
        (Shares(0.3, 0, 0), r"\(val: 0.3\)"),
    ):
        with pytest.raises(FameError, match=f"no video could be held out {said}.*smaller groups"):
            match(root, Layout("folders", None, "^[^/]+", shares))
    stated = "path,split\nrun/ann_1.avi,train\n"
    assert column(listed(root, stated, Shares(0, 0.3, 0)), "split") == {"run/ann_1.avi": "train"}


def test_videos_without_classes_are_for_pretraining(root):
    (root / "loose.mkv").touch()
    annotations = match(root, Layout("none", None, None, NOTHING_HELD))
    assert annotations.classes == []
    assert annotations.table["label"].isna().all()
    assert len(annotations.table) == 5


def test_a_csv_says_label_split_and_group(root):
    text = (
        "path, label ,group,split\r\n"
        "run/ann_1.avi,going fast,A,test\n\n"
        '"jump/ann_2.avi","up, and down",A,\n'
        "run/bob_1.mp4,,,\n"
    )
    annotations = listed(root, "\ufeff" + text)
    assert annotations.classes == ["going fast", "up, and down"]
    assert column(annotations, "split") == {
        "run/ann_1.avi": "test",
        "jump/ann_2.avi": "test",
        "run/bob_1.mp4": "train",
    }
    assert column(annotations, "group")["run/bob_1.mp4"] == "run/bob_1.mp4"
    assert annotations.unnamed == ("jump/far/bob_2.avi",)


@pytest.mark.parametrize("odd", ["\x85", "\u2028", "\x0b", "\x0c", "\x1c", "\x1e"])
def test_a_line_ends_at_line_ends_only(root, odd):
    """File names may hold what Python counts among line ends."""
    name = f"run/a{odd}b.mp4"
    (root / name).touch()
    annotations = listed(root, f"path,label\n{name},run\n")
    assert annotations.table["path"].tolist() == [name]


def test_absent_videos_are_named_and_left_out(root):
    annotations = listed(root, "path,label\nrun/ann_1.avi,run\ngone.avi,fly\n")
    assert annotations.table["path"].tolist() == ["run/ann_1.avi"]
    assert annotations.absent == ("gone.avi",)
    assert annotations.classes == ["run"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line should name path"),
        ("label,split\n", r"\(no path\)"),
        ("path,class\nrun/ann_1.avi,run\n", r"\(class\)"),
        ("path,path\nrun/ann_1.avi,x\n", "named twice"),
        ("path,label\n", "no video"),
        (",path,label\n0,run/ann_1.avi,a\n", r"column 1 has no name; .*index=False leaves out"),
        ("path,label,\nrun/ann_1.avi,a,\n", "column 3 has no name"),
        ('path,label\nrun/ann_1.avi,"ru\nn"\n', r"line 2: .*close every quoted field on its own"),
        ("path,label\nrun/ann_1.avi\n", r"line 2: should have as many fields"),
        ("path,label\nrun/ann_1.avi,a,b\n", r"line 2: should have as many fields"),
        ("path\n../videos/run/ann_1.avi\n", "below the root"),
        ("path\n/etc/passwd\n", "below the root"),
        ('path,label\n"",x\n', "below the root"),
        ("path,split\nrun/ann_1.avi,training\n", "'training' is none of train, val, test"),
        ("path,label\nrun/ann_1.avi,a\nrun/ann_1.avi,a\n", "is listed twice"),
        ("path\nrun/./ann_1.avi\nrun/ann_1.avi\n", "is listed twice"),
        (b"path\n\xff\xfe\n", "not UTF-8"),
        (
            "path,label,group,split\nrun/ann_1.avi,r,A,train\nrun/bob_1.mp4,r,A,test\n",
            "on one side",
        ),
    ],
)
def test_a_mistake_in_the_csv_is_one_sentence(root, text, said):
    with pytest.raises(FameError, match=said) as caught:
        listed(root, text)
    assert "\n" not in str(caught.value)


def test_mistakes_in_the_folder_are_named(root, tmp_path):
    with pytest.raises(FameError, match="does not exist; correct the root"):
        match(tmp_path / "none", FOLDERS)
    with pytest.raises(FameError, match="finds no group"):
        match(root, Layout("folders", None, "carol", NOTHING_HELD))
    with pytest.raises(FameError, match="is missing"):
        match(root, Layout("csv", tmp_path / "none.csv", None, NOTHING_HELD))
    (root / "loose.avi").touch()
    with pytest.raises(FameError, match=r"loose\.avi lies in no class folder"):
        match(root, FOLDERS)


def test_folders_called_train_and_test_are_not_classes(tmp_path):
    (tmp_path / "train" / "run").mkdir(parents=True)
    (tmp_path / "train" / "run" / "a.avi").touch()
    with pytest.raises(FameError, match="named as a split; take kind: kinetics400"):
        match(tmp_path, FOLDERS)


cells = st.one_of(
    st.sampled_from(["run/ann_1.avi", "jump/ann_2.avi", "test", "train", "A", "", '"', "..", "\0"]),
    st.text(max_size=6),
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(cells, max_size=5).map(",".join), max_size=6),
    st.sampled_from(["path,label,split,group", "path", "group,path", "label", "\0path"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_any_csv_is_read_or_refused(root: Path, rows, head, end):
    try:
        annotations = listed(root, end.join([head, *rows]).encode("utf-8", "surrogatepass"))
    except FameError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert set(annotations.table["split"]) <= {"train", "val", "test", "unused"}
