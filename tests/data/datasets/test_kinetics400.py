"""Kinetics-400: its lists, and what is on disk."""

import pytest

from fame.core.errors import FameError
from fame.data.datasets import kinetics400, read


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
    annotations = read("kinetics400", kinetics, None)
    assert annotations.classes == ["arm wrestling", "zumba"]
    assert annotations.table["split"].tolist() == ["train", "val"]
    assert annotations.table["group"][0] == "aaaaaaaaaa-"


def test_kinetics400_lists_check_the_class(kinetics, tmp_path):
    head = "label,youtube_id,time_start,time_end,split,is_cc\n"
    lists = tmp_path / "train.csv"
    lists.write_text(head + '"arm wrestling",aaaaaaaaaa-,27,37,train,0\nzumba,gone,1,2,val,0\n')
    annotations = read("kinetics400", kinetics, lists, missing=0.5)
    assert annotations.absent == ("val/zumba/gone_000001_000002.mp4",)
    assert annotations.unnamed == ("stray.mp4", "val/zumba/bbbbbbbbbbb_1_2.mp4")
    for missing in ("error", 0.49):
        with pytest.raises(FameError, match=r"1 of 2 annotated .* val/zumba/gone_000001"):
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
    annotations = read("kinetics400", tmp_path, shared / "annotations/kinetics400", missing="skip")
    assert (len(annotations.table), annotations.unnamed) == (4, ())
    assert len(annotations.absent) > 19_000


def test_videos_in_no_list_do_not_count_among_the_listed(tmp_path):
    """A dataset of which every listed video is absent is refused, however many others there are."""
    root = tmp_path / "k400"
    for number in range(6):
        file = root / f"train/zumba/other{number:06d}_000001_000011.mp4"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    rows = [f"zumba,listed{number:05d},1,11,train,0" for number in range(6)]
    (tmp_path / "all.csv").write_text(KINETICS_HEAD + "\n".join(rows))
    with pytest.raises(FameError, match="6 of 6 annotated videos are not under"):
        read("kinetics400", root, tmp_path / "all.csv", missing=0.99)
    assert len(read("kinetics400", root, tmp_path / "all.csv", missing="skip").table) == 6


def test_hidden_files_are_no_videos(kinetics):
    (kinetics / "train/arm wrestling/._aaaaaaaaaa-_000027_000037.mp4").touch()
    annotations = read("kinetics400", kinetics, None)
    assert len(annotations.table) == 2 and annotations.unnamed == ("stray.mp4",)
