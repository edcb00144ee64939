"""Where the files of official archives go."""

from pathlib import Path, PurePosixPath

import pytest

from fame.acquire.archives.arrange import place_lists, place_videos

CSV = 'label,youtube_id,time_start,time_end,split\n"arm wrestling",_a-a_a-a_a-,5,15,train\n'


@pytest.fixture
def lists(tmp_path):
    (tmp_path / "train.csv").write_text(CSV)
    return tmp_path


@pytest.mark.parametrize(
    ("dataset", "path", "place"),
    [
        ("ucf101", "UCF101/v_Archery_g01_c02.avi", "Archery/v_Archery_g01_c02.avi"),
        ("ucf101", "UCF-101/Archery/v_Archery_g01_c02.avi", "Archery/v_Archery_g01_c02.avi"),
        (
            "ucf101",
            "UCF-101/HandstandPushups/v_HandStandPushups_g01_c01.avi",
            "HandstandPushups/v_HandStandPushups_g01_c01.avi",
        ),
        ("ucf101", "UCF101/v_Archery_g01.avi", None),
        ("ucf101", "UCF101/readme.txt", None),
        ("hmdb51", "wave/wave/A_(x)!_wave_u_1.avi", "wave/A_(x)!_wave_u_1.avi"),
        ("hmdb51", "wave/A_wave_u_1.avi", "wave/A_wave_u_1.avi"),
        ("hmdb51", "A_wave_u_1.avi", None),
        ("diving48", "rgb/-a_00001.mp4", "rgb/-a_00001.mp4"),
        ("diving48", "-a_00001.mp4", "rgb/-a_00001.mp4"),
        ("diving48", "rgb/list.json", None),
    ],
)
def test_videos(lists, dataset, path, place):
    assert place_videos(dataset, "videos", lists)(PurePosixPath(path)) == place


def test_kinetics400_videos_follow_the_lists(lists):
    train = place_videos("kinetics400", "train", lists)
    name = "_a-a_a-a_a-_000005_000015.mp4"
    assert train(PurePosixPath(f"deep/{name}")) == f"train/arm wrestling/{name}"
    assert train(PurePosixPath("other.mp4")) == "unnamed/train/other.mp4"
    assert train(PurePosixPath("train.csv")) is None
    mended = place_videos("kinetics400", "replacements", lists)
    assert mended(PurePosixPath(name)) == f"train/arm wrestling/{name}"


@pytest.mark.parametrize(
    ("dataset", "path", "place"),
    [
        ("ucf101", "ucfTrainTestlist/classInd.txt", "classInd.txt"),
        ("hmdb51", "a/b/wave_test_split1.txt", "testTrainMulti_7030_splits/wave_test_split1.txt"),
        ("diving48", "Diving48_vocab.json", "Diving48_vocab.json"),
        ("kinetics400", "train.csv", "train.csv"),
        ("ucf101", "ucfTrainTestlist/lists.mat", None),
    ],
)
def test_lists(dataset, path, place):
    assert place_lists(dataset)(PurePosixPath(path)) == place


def test_the_real_names_of_hmdb51_stay_as_they_are(shared):
    place = place_videos("hmdb51", "videos", Path())
    for file in sorted((shared / "videos/jhmdb").rglob("*.avi")):
        assert (
            place(PurePosixPath(file.parent.name, file.name)) == f"{file.parent.name}/{file.name}"
        )
