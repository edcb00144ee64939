import json

import pytest

from fame.core.errors import FameError
from fame.data.datasets import diving48, hmdb51, kinetics400, read, ucf101


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


@pytest.mark.parametrize("split", [1, 2, 3])
def test_official_hmdb51_counts(shared, split):
    parsed = hmdb51.parse(shared / "annotations/hmdb51", split)
    assert counts(parsed) == {"train": 3570, "test": 1530, "unused": 1666}
    assert len(parsed.classes) == 51
    assert parsed.table["group"].notna().all()


def test_official_diving48_counts(shared):
    parsed = diving48.parse(shared / "annotations/diving48")
    table = parsed.table.assign(frames=parsed.table["end"] - parsed.table["start"])
    assert counts(parsed) == {"train": 15027, "test": 1970}
    assert (len(parsed.classes), table["label"].nunique()) == (48, 47)
    lengths = table.groupby("split")["frames"]
    assert lengths.min().to_dict() == {"train": 24, "test": 24}
    assert lengths.max().to_dict() == {"train": 822, "test": 331}
    assert (table["frames"] < 32).sum() == 27


def test_a_subset_of_ucf101_is_counted(shared):
    found = read("ucf101", shared / "videos/UCF-101", shared / "annotations/ucf101", 1, "skip")
    assert counts(found) == {"train": 70, "test": 42}
    assert (len(found.absent), found.unnamed) == (13320 - 112, ())
    assert found.classes == sorted(found.classes)
    assert len(found.classes) == 8


def test_hmdb51_names_with_odd_characters_are_found(shared):
    found = read("hmdb51", shared / "videos/jhmdb", shared / "annotations/hmdb51", 1, "skip")
    assert counts(found) == {"train": 124, "test": 56}
    assert found.table["video"].str.contains(r"[()!]").any()
    sides = found.table.groupby(["label", "group"])["split"].nunique()
    assert sides.max() == 1


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
    found = read("ucf101", *ucf)
    assert found.classes == ["Archery", "HandstandPushups"]
    assert found.table["label"].tolist() == ["Archery", "HandstandPushups", "Archery"]
    assert found.table["group"].tolist() == ["g08", "g08", "g01"]
    assert found.table["split"].tolist() == ["train", "train", "test"]
    assert found.table["end"].isna().all()


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
    found = read("ucf101", root, lists, missing="skip")
    assert (found.classes, len(found.table)) == (["Archery"], 2)
    assert found.absent == ("HandstandPushups/v_HandStandPushups_g08_c01.avi",)
    assert found.unnamed == ("Archery/extra.avi",)


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
    found = read("diving48", root, diving([CLIP]))
    assert found.classes == ["Back_1som"]
    assert found.table[["start", "end"]].iloc[0].tolist() == [4, 9]
    assert found.table["group"].tolist() == ["a_b", "b"]


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


@pytest.fixture
def kinetics(tmp_path):
    root = tmp_path / "k400"
    for path in ("train/arm wrestling/aaaaaaaaaa-_000027_000037", "val/zumba/bbbbbbbbbbb_1_2"):
        file = root / f"{path}.mp4"
        file.parent.mkdir(parents=True)
        file.touch()
    (root / "stray.mp4").touch()
    return root


def test_kinetics400_folders_are_the_annotation(kinetics):
    found = read("kinetics400", kinetics, None)
    assert found.classes == ["arm wrestling", "zumba"]
    assert found.table["split"].tolist() == ["train", "val"]
    assert found.table["group"][0] == "aaaaaaaaaa-"


def test_kinetics400_lists_check_the_class(kinetics, tmp_path):
    head = "label,youtube_id,time_start,time_end,split,is_cc\n"
    lists = tmp_path / "train.csv"
    lists.write_text(head + '"arm wrestling",aaaaaaaaaa-,27,37,train,0\nzumba,gone,1,2,val,0\n')
    found = read("kinetics400", kinetics, lists, missing=0.4)
    assert found.absent == ("val/zumba/gone_000001_000002.mp4",)
    assert found.unnamed == ("stray.mp4", "val/zumba/bbbbbbbbbbb_1_2.mp4")
    for missing in ("error", 0.3):
        with pytest.raises(FameError, match=r"1 of 3 annotated .* val/zumba/gone_000001"):
            read("kinetics400", kinetics, lists, missing=missing)
    lists.write_text(head + "zumba,aaaaaaaaaa-,27,37,train,0\n")
    with pytest.raises(FameError, match="zumba"):
        read("kinetics400", kinetics, lists)
    lists.write_text("youtube_id,split\naaaaaaaaaa-,test\n")
    with pytest.raises(FameError, match="no csv with label"):
        read("kinetics400", kinetics, lists)


KINETICS_HEAD = "label,youtube_id,time_start,time_end,split,is_cc\n"


def test_kinetics400_names_find_their_class(tmp_path):
    rows = [
        "zumba,aaaaaaaaaaa,27,37,train,0",
        '"air ""drums""",bbbbbbbbbbb,1,11,validate,0',
        "zumba,ccccccccccc,5,15,train,0",
        "yoga,ccccccccccc,50,60,train,0",
        "yoga,aaaaaaaaaaa,99,109,test,0",
    ]
    (tmp_path / "all.csv").write_text(KINETICS_HEAD + "\n".join(rows))
    clips = kinetics400.Clips.read(tmp_path)
    assert clips.find("aaaaaaaaaaa_000027_000037", "train") == "train/zumba"
    assert clips.find("aaaaaaaaaaa_000028_000038", "train") == "train/zumba"  # times differ
    assert clips.find("aaaaaaaaaaa_000027_000037", "val") is None
    assert clips.find("bbbbbbbbbbb_000001_000011", "val") == 'val/air "drums"'
    assert clips.find("ccccccccccc_000050_000060", "train") == "train/yoga"
    assert clips.find("ccccccccccc_000051_000061", "train") is None  # which of the two?
    assert clips.find("aaaaaaaaaaa_000099_000109", "replacements") == "test/yoga"
    assert clips.find("aaaaaaaaaaa_000001_000011", "replacements") is None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("zumba,aaaaaaaaaaa,x,37,train,0", "line 2: time_start"),
        ("zumba,aaaaaaaaaaa,inf,37,train,0", "line 2: time_start"),
        ("zumba,aaaaaaaaaaa,1,37,training,0", "train, val or test"),
        ("zumba,,1,37,train,0", "youtube_id"),
        ("../zumba,aaaaaaaaaaa,1,37,train,0", "needs a label"),
        ("..,aaaaaaaaaaa,1,37,train,0", "needs a label"),
        ("zumba,a/b,1,37,train,0", "youtube_id"),
        ("zumba,aaaaaaaaaaa,1,37,train", "5 fields instead of 6"),
        ('zumba,"aaaaaaaaaaa,1,37,train,0', "not readable as csv"),
    ],
)
def test_bad_kinetics400_lines(tmp_path, row, words):
    (tmp_path / "train.csv").write_text(KINETICS_HEAD + row + "\n")
    with pytest.raises(FameError, match=words):
        kinetics400.parse(tmp_path)


def test_kinetics400_video_on_two_sides(kinetics):
    other = kinetics / "val/arm wrestling/aaaaaaaaaa-_000027_000037.mp4"
    other.parent.mkdir()
    other.touch()
    with pytest.raises(FameError, match="both train and val"):
        read("kinetics400", kinetics, None)


def test_kinetics400_without_class_folders(tmp_path):
    (tmp_path / "aaaaaaaaaaa_000027_000037.mp4").touch()
    with pytest.raises(FameError, match="<class>"):
        read("kinetics400", tmp_path, None)


def test_official_kinetics400_lists_agree_with_the_clips(shared, tmp_path):
    for name in ("arm wrestling", "bungee jumping"):
        (tmp_path / "val").mkdir(exist_ok=True)
        (tmp_path / "val" / name).symlink_to(shared / "videos/kinetics400" / name)
    found = read("kinetics400", tmp_path, shared / "annotations/kinetics400", missing="skip")
    assert (len(found.table), found.unnamed) == (4, ())
    assert len(found.absent) > 19_000
