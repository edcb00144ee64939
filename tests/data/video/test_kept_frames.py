"""Kept frames of a world's videos: equal to decoded ones, never stale, never for other videos."""

import os

import numpy as np
import pytest
from small_videos import pictures, write_video

from fame.core.errors import FameError
from fame.data.video import kept_frames as module
from fame.data.video.facts import DecodeError, ShortReadError
from fame.data.video.kept_frames import FOLDER, frames_of, keep

NUMBERS = np.array([3, 0, 3, 7])


@pytest.fixture
def video(tmp_path):
    """(folder of the videos, frames): one video whose kept frames are the inverted ones."""
    frames = pictures(8)
    (tmp_path / "videos" / "a b").mkdir(parents=True)
    write_video(tmp_path / "videos" / "a b" / "v.avi", frames)
    keep(tmp_path, "a b/v.avi", 255 - frames)
    return tmp_path / "videos", frames


def kept(root):
    return root.parent / FOLDER / "a b" / "v.avi.npy"


def test_kept_frames_are_read_instead_of_the_video(video):
    root, frames = video
    read = frames_of(root, "a b/v.avi", NUMBERS)
    np.testing.assert_array_equal(read, (255 - frames)[NUMBERS])
    assert read.dtype == np.uint8


def test_without_kept_frames_the_video_is_decoded(video):
    root, frames = video
    kept(root).unlink()
    np.testing.assert_array_equal(frames_of(root, "a b/v.avi", NUMBERS), frames[NUMBERS])


def test_a_video_written_since_is_decoded(video):
    root, frames = video
    newer = kept(root).stat().st_mtime_ns + 1_000_000_000
    os.utime(root / "a b/v.avi", ns=(newer, newer))
    np.testing.assert_array_equal(frames_of(root, "a b/v.avi", NUMBERS), frames[NUMBERS])


def test_an_absent_video_is_named_though_its_frames_are_kept(video):
    root, _ = video
    (root / "a b/v.avi").unlink()
    with pytest.raises(DecodeError, match=r"v\.avi: there is no such video file"):
        frames_of(root, "a b/v.avi", NUMBERS)


def test_a_frame_past_the_end_is_an_error_about_the_video(video):
    with pytest.raises(ShortReadError, match=r"videos/a b/v\.avi: frame 8"):
        frames_of(video[0], "a b/v.avi", np.array([8]))


@pytest.mark.parametrize("length", [0, 40, 500])
def test_cut_frames_are_named_with_the_remedy(video, length):
    root, _ = video
    kept(root).write_bytes(kept(root).read_bytes()[:length])
    with pytest.raises(FameError, match=r"v\.avi\.npy: not whole frames .*delete it"):
        frames_of(root, "a b/v.avi", NUMBERS)


def test_no_decoder_is_used_where_frames_are_kept(video, monkeypatch):
    monkeypatch.setattr(module, "read_frames", None)
    frames_of(video[0], "a b/v.avi", NUMBERS)
