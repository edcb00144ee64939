"""Windows of a video and the clip that each window's mask is made of."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_videos import pictures, write_video

from fame.core.errors import FameError
from fame.data.video.decode import probe, read_frames, stream_frames
from fame.evaluate.masks.windows import MOST, check_window, frames_of, inspect, windows


class Spy:
    """A mask function that notes which frames it was given; frame i is all of value i."""

    def __init__(self):
        self.clips = []

    def __call__(self, clips):
        assert clips.shape[:2] == (1, 3)
        values = (clips[0, 0, :, 0, 0] * 255).round().int().tolist()
        self.clips.append(values)
        return torch.full((1, *clips.shape[-2:]), values[0] / 255)


def numbered(count):
    return [np.full((4, 6, 3), number, np.uint8) for number in range(count)]


def starts(found):
    return [int(part.frames[0, 0, 0, 0]) for part in found]


@settings(max_examples=60)
@given(count=st.integers(2, 60), length=st.integers(2, 8), stride=st.integers(1, 4))
def test_every_frame_once_in_order_with_its_own_windows_mask(count, length, stride):
    spy, span = Spy(), length * stride
    found = list(windows(numbered(count), spy, length, stride))
    shown = np.concatenate([part.frames for part in found])[:, 0, 0, 0]
    assert shown.tolist() == list(range(count))
    for start, part, clip in zip(starts(found), found, spy.clips, strict=True):
        assert len(clip) == length
        assert part.mask.shape == (4, 6)
        if count >= span:
            first = min(start, count - span)
            assert clip == list(range(first, first + span, stride))


def test_the_last_window_has_the_mask_of_the_last_whole_window():
    spy = Spy()
    found = list(windows(numbered(10), spy, 2, 2))
    assert [len(part.frames) for part in found] == [4, 4, 2]
    assert spy.clips == [[0, 2], [4, 6], [6, 8]]


def test_short_videos_loop():
    spy = Spy()
    assert len(list(windows(numbered(5), spy, 4, 2))) == 1
    assert spy.clips == [[0, 2, 4, 1]]


@pytest.mark.parametrize(("count", "stride"), [(2, 2), (2, 4), (3, 3), (4, 4)])
def test_a_video_as_short_as_the_stride_still_shows_more_than_one_frame(count, stride):
    spy = Spy()
    list(windows(numbered(count), spy, 8, stride))
    assert len(set(spy.clips[0])) == count


def test_frames_are_scaled_down_but_never_up(tmp_path):
    write_video(tmp_path / "v.avi", pictures(3, 48, 64))
    info = inspect(tmp_path / "v.avi")
    assert {frame.shape for frame in frames_of(tmp_path / "v.avi", info, 24)} == {(24, 32, 3)}
    large = list(frames_of(tmp_path / "v.avi", info, 100))
    np.testing.assert_array_equal(large, pictures(3, 48, 64))


@pytest.mark.parametrize("decoder", ["pyav", "decord"])
def test_streamed_frames_are_those_read_by_number(tmp_path, decoder):
    if decoder == "decord":
        pytest.importorskip("decord")
    frames = write_video(tmp_path / "v.avi", pictures(7))
    np.testing.assert_array_equal(list(stream_frames(tmp_path / "v.avi", decoder)), frames)


def test_streaming_real_clips_equals_reading_them(shared):
    for path in (
        shared / "videos" / "odd" / "torchcodec" / "nasa_13013_rotated.mp4",
        shared / "videos" / "odd" / "torchcodec" / "discard_first_keyframe.mp4",
        shared / "videos" / "weizmann" / "bend" / "daria_bend.avi",
    ):
        info = probe(path)
        streamed = list(stream_frames(path, info.decoder))
        assert len(streamed) == info.frames
        np.testing.assert_array_equal(streamed, read_frames(path, range(info.frames)))


def test_a_single_frame_is_refused(tmp_path):
    write_video(tmp_path / "one.avi", pictures(1))
    with pytest.raises(FameError, match="has a single frame"):
        inspect(tmp_path / "one.avi")


@pytest.mark.parametrize(
    ("frames", "length", "stride", "fits"),
    [
        (2 * MOST, 16, MOST // 16, True),
        (2 * MOST, 16, MOST // 16 + 1, False),
        (MOST, 16, 10**30, True),  # no more than the video is held
        (2, MOST, 1, True),
        (2, MOST + 1, 1, False),  # a short video is looped
    ],
)
def test_what_fills_the_memory_is_refused(frames, length, stride, fits):
    if fits:
        check_window(frames, length, stride)
        return
    with pytest.raises(FameError, match="smaller --clip-frames or --stride"):
        check_window(frames, length, stride)
