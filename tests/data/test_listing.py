import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.core.errors import FameError
from fame.data.listing import SUFFIXES, videos

TREE = [
    "a/one.avi",
    "a/two.MP4",
    "a/notes.txt",
    "a/deep er/three (1).mkv",
    "b [raw]/four.webm",
    "b [raw]/five#&!.mov",
    "b [raw]/six.bin",
    ".hidden/seven.mp4",
    "a/._one.avi",
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("tree")
    for name in TREE:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def names(paths, root):
    return [path.relative_to(root).as_posix() for path in paths]


def test_a_folder_gives_its_videos_at_any_depth_and_nothing_else(tree):
    assert names(videos([tree]), tree) == [
        "a/deep er/three (1).mkv",
        "a/one.avi",
        "a/two.MP4",
        "b [raw]/five#&!.mov",
        "b [raw]/four.webm",
    ]


@pytest.mark.parametrize("name", ["a/notes.txt", "b [raw]/six.bin", ".hidden/seven.mp4"])
def test_a_named_file_is_taken_whatever_it_is_called(tree, name):
    assert names(videos([tree / name]), tree) == [name]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a/*.avi", ["a/one.avi"]),
        ("a/o?e.av[hi]", ["a/one.avi"]),
        ("*/f*", ["b [raw]/five#&!.mov", "b [raw]/four.webm"]),
        ("b [raw]/*.webm", ["b [raw]/four.webm"]),
        ("**/*.mkv", ["a/deep er/three (1).mkv"]),
        ("a*", ["a/deep er/three (1).mkv", "a/one.avi", "a/two.MP4"]),
    ],
)
def test_a_pattern_is_what_a_shell_would_make_of_it(tree, monkeypatch, pattern, expected):
    monkeypatch.chdir(tree)
    assert names(videos([pattern]), tree) == expected
    assert names(videos([str(tree / pattern)]), tree) == expected


def test_a_file_whose_name_is_a_pattern_is_meant_literally(tmp_path):
    for name in ("x[1].avi", "x1.avi"):
        (tmp_path / name).touch()
    assert names(videos([str(tmp_path / "x[1].avi")]), tmp_path) == ["x[1].avi"]
    assert names(videos([str(tmp_path / "x[0-9].avi")]), tmp_path) == ["x1.avi"]


@pytest.mark.parametrize("name", ["none.mp4", "a/*.flv", "none/*.mp4", "b [raw]/*.mp4", "", "a/\0"])
def test_an_argument_that_means_nothing_is_named(tree, monkeypatch, name):
    monkeypatch.chdir(tree)
    with pytest.raises(FameError) as caught:
        videos(["a", name])
    assert str(caught.value).startswith(f"{name}: no video file is there")


def test_a_folder_without_videos_is_named(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FameError, match="this folder holds no video"):
        videos([tmp_path])


def test_links_are_followed_once(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "v.avi").touch()
    (tmp_path / "real" / "up").symlink_to(tmp_path)  # a circle
    (tmp_path / "z.avi").symlink_to(tmp_path / "real" / "v.avi")
    (tmp_path / "another").symlink_to(tmp_path / "real")
    assert names(videos([tmp_path]), tmp_path) == ["another/v.avi"]


def test_a_dangling_link_is_listed_so_that_it_can_be_decided(tmp_path):
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    assert names(videos([tmp_path]), tmp_path) == ["gone.mp4"]


def test_a_closed_folder_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    real = os.listdir

    def listdir(folder):
        if str(folder).endswith("closed"):  # which even root may not read, say
            raise PermissionError(13, "Permission denied", folder)
        return real(folder)

    monkeypatch.setattr(os, "listdir", listdir)
    with pytest.raises(FameError, match=r"closed: the folder cannot be read \(Permission denied"):
        videos([tmp_path])


arguments = st.lists(
    st.sampled_from([*TREE, "a", "b [raw]", "a/*", "*/*.webm", "**/*", "./a/../a"]), min_size=1
)


@settings(max_examples=60)
@given(given_names=arguments, seed=st.randoms())
def test_the_answer_is_a_sorted_set(tree, given_names, seed):
    listed = videos([tree / name for name in given_names])
    assert listed == sorted(set(listed))
    assert all(path.is_absolute() and path.is_file() for path in listed)
    assert videos(listed) == listed
    shuffled = given_names * 2
    seed.shuffle(shuffled)
    assert videos([f"{tree}/{name}" for name in shuffled]) == listed
    alone = {path for name in given_names for path in videos([tree / name])}
    assert set(listed) == alone


def test_real_folders_are_listed_whole(shared):
    every = [path for path in (shared / "videos").rglob("*") if path.suffix in SUFFIXES]
    assert videos([shared / "videos"]) == sorted(every)
    assert len(videos([shared / "videos" / "odd"])) == 45
    assert Path("README.md") not in [Path(path.name) for path in every]
