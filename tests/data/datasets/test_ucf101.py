"""UCF101: its lists, and what is on disk."""

import pytest

from fame.core.errors import FameError
from fame.data.datasets import read, ucf101


def counts(parsed):
    return parsed.table["split"].value_counts().to_dict()


@pytest.mark.parametrize(
    ("split", "train", "test"), [(1, 9537, 3783), (2, 9586, 3734), (3, 9624, 3696)]
)
def test_official_ucf101_counts(shared, split, train, test):
    parsed = ucf101.parse(shared / "annotations/ucf101", split)
    assert counts(parsed) == {"train": train, "test": test}
    assert len(parsed.classes) == 101
    groups = parsed.table.groupby(["label", "group"])["split"].nunique()
    assert groups.max() == 1


def test_a_subset_of_ucf101_is_counted(shared):
    annotations = read(
        "ucf101", shared / "videos/UCF-101", shared / "annotations/ucf101", 1, "skip"
    )
    assert counts(annotations) == {"train": 70, "test": 42}
    assert (len(annotations.absent), annotations.unnamed) == (13320 - 112, ())
    assert annotations.classes == sorted(annotations.classes)
    assert len(annotations.classes) == 8


@pytest.fixture
def ucf(tmp_path):
    """Two classes in lists with BOM, CRLF and blank lines, and empty files as videos."""
    lists, root = tmp_path / "lists", tmp_path / "videos"
    lists.mkdir()
    (lists / "classInd.txt").write_bytes(b"\xef\xbb\xbf1 Archery\r\n2 HandstandPushups\r\n\r\n")
    train = "Archery/v_Archery_g08_c01.avi 1", "HandstandPushups/v_HandStandPushups_g08_c01.avi 2"
    (lists / "trainlist01.txt").write_bytes("\r\n\r\n".join(train).encode())
    (lists / "testlist01.txt").write_text("Archery/v_Archery_g01_c01.avi\n\n")
    for name in [*train, "Archery/v_Archery_g01_c01.avi"]:
        file = root / name.split()[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return root, lists


def test_ucf101_lists_with_windows_line_ends(ucf):
    annotations = read("ucf101", *ucf)
    assert annotations.classes == ["Archery", "HandstandPushups"]
    assert annotations.table["label"].tolist() == ["Archery", "HandstandPushups", "Archery"]
    assert annotations.table["group"].tolist() == ["g08", "g08", "g01"]
    assert annotations.table["split"].tolist() == ["train", "train", "test"]
    assert annotations.table["end"].isna().all()


@pytest.mark.parametrize(
    "name",
    [
        "HandstandPushups/v_HandstandPushups_g08_c01.avi",
        "HandStandPushups/v_HandStandPushups_g08_c01.mp4",
    ],
)
def test_both_spellings_of_handstand_pushups(ucf, name):
    root, lists = ucf
    (root / "HandstandPushups/v_HandStandPushups_g08_c01.avi").unlink()
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).touch()
    assert read("ucf101", root, lists).table["path"][1] == name


def test_list_with_the_other_spelling_gets_the_official_class(ucf):
    root, lists = ucf
    path = lists / "trainlist01.txt"
    path.write_text(path.read_text().replace("HandstandPushups/", "HandStandPushups/"))
    assert read("ucf101", root, lists).table["label"][1] == "HandstandPushups"


def append(path, line):
    path.write_text(path.read_text() + "\n" + line)


@pytest.mark.parametrize(
    ("file", "line", "words"),
    [
        ("trainlist01.txt", "Archery/v_Archery_g08_c01.avi 1", "listed twice"),
        ("testlist01.txt", "Archery/v_Archery_g08_c01.avi", "both test and train"),
        ("trainlist01.txt", "Juggling/v_Juggling_g08_c01.avi 3", "line 4: class 'Juggling'"),
        ("trainlist01.txt", "Archery/v_Archery_g09_c01.avi 2", "not class 2"),
        ("testlist01.txt", "Archery/v_Archery_g09_c01.avi", "1 of 4 annotated .* skip"),
        ("classInd.txt", "7 Juggling", "number its classes"),
    ],
)
def test_bad_ucf101_lists(ucf, file, line, words):
    root, lists = ucf
    append(lists / file, line)
    with pytest.raises(FameError, match=words):
        read("ucf101", root, lists)


def test_skip_leaves_out_absent_videos_and_their_class(ucf):
    root, lists = ucf
    (root / "HandstandPushups/v_HandStandPushups_g08_c01.avi").unlink()
    (root / "Archery/extra.avi").touch()
    annotations = read("ucf101", root, lists, missing="skip")
    assert (annotations.classes, len(annotations.table)) == (["Archery"], 2)
    assert annotations.absent == ("HandstandPushups/v_HandStandPushups_g08_c01.avi",)
    assert annotations.unnamed == ("Archery/extra.avi",)


def test_a_share_of_the_videos_may_be_absent(ucf):
    root, lists = ucf
    (root / "HandstandPushups/v_HandStandPushups_g08_c01.avi").unlink()
    assert len(read("ucf101", root, lists, missing=0.34).table) == 2
    with pytest.raises(FameError, match="1 of 3 annotated"):
        read("ucf101", root, lists, missing=0.33)


def test_hidden_folders_are_not_searched(ucf):
    root, lists = ucf
    (root / ".fame/videos").mkdir(parents=True)
    (root / ".fame/videos/v_Archery_g01_c02.avi").touch()
    assert read("ucf101", root, lists).unnamed == ()


def test_two_files_for_one_video(ucf):
    root, lists = ucf
    (root / "Archery/v_Archery_g01_c01.mp4").touch()
    with pytest.raises(FameError, match="two files"):
        read("ucf101", root, lists)


def test_missing_root_lists_and_kind(ucf, tmp_path):
    root, lists = ucf
    with pytest.raises(FameError, match=r"nowhere does not exist; download"):
        read("ucf101", tmp_path / "nowhere", lists)
    with pytest.raises(FameError, match="missing"):
        read("ucf101", root, lists, split=2)
    with pytest.raises(FameError, match="official lists"):
        read("ucf101", root, None)
    with pytest.raises(FameError, match="ucf102"):
        read("ucf102", root, lists)
    (lists / "testlist01.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FameError, match="UTF-8"):
        read("ucf101", root, lists)
