"""Copies: the same frames, small, sought anywhere, and made once."""

import av
import numpy as np
import pytest
from small_sounds import RATE, clicks, noise, write_heard
from small_videos import pictures, write_video

from fame.data.video.decode import probe, read_frames
from fame.data.video.sound import read_sound
from fame.data.video.transcode import Copy, Copying, CopyTask, copy, shrunk

SMALL = Copying(short_side=24, crf=10, keyframes=4)


def task(tmp_path, name="v.avi", frames=1, compare=False):
    return CopyTask(tmp_path / name, tmp_path / f"{name}.mp4", frames, compare)


def test_a_copy_has_the_same_frames_at_the_short_side(tmp_path):
    truth = write_video(tmp_path / "v.avi", pictures(20, 48, 64))
    made = copy(task(tmp_path, compare=True), SMALL)
    assert (made.frames, made.width, made.height, made.done) == (20, 32, 24, False)
    assert made.before == (tmp_path / "v.avi").stat().st_size
    assert made.after == (tmp_path / "v.avi.mp4").stat().st_size
    assert made.ssim > 0.8 and made.psnr > 20
    copied = read_frames(tmp_path / "v.avi.mp4", range(20)).astype(int)
    reduced = truth.reshape(20, 24, 2, 32, 2, 3).mean((2, 4))
    gaps = np.abs(copied[:, None] - reduced[None]).mean((2, 3, 4))
    np.testing.assert_array_equal(gaps.argmin(1), np.arange(20))


def test_key_frames_are_dense_and_silence_gets_no_stream(tmp_path):
    write_video(tmp_path / "v.avi", pictures(20))
    assert copy(task(tmp_path), SMALL).sound == "none"
    with av.open(str(tmp_path / "v.avi.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        keys = [p.is_keyframe for p in container.demux(video=0) if p.pts is not None]
    assert [i for i, key in enumerate(keys) if key] == [0, 4, 8, 12, 16]


def test_a_copy_is_made_once_and_anew_if_anything_changes(tmp_path):
    write_video(tmp_path / "v.avi", pictures(8))
    assert not copy(task(tmp_path), SMALL).done
    before = (tmp_path / "v.avi.mp4").stat().st_mtime_ns
    assert copy(task(tmp_path), SMALL).done
    assert (tmp_path / "v.avi.mp4").stat().st_mtime_ns == before
    assert not copy(task(tmp_path), Copying(24, 11, 4)).done
    write_video(tmp_path / "v.avi", pictures(8, seed=1))
    assert not copy(task(tmp_path), Copying(24, 11, 4)).done


@pytest.mark.parametrize("late", [0.0, 0.2])
def test_sound_is_kept_in_time_with_the_frames(tmp_path, late):
    places = np.array([3000, 12_000])
    write_heard(tmp_path / "v.mkv", 25, [(late, clicks(places, 16_000))])
    made = copy(task(tmp_path, "v.mkv"), SMALL)
    assert (made.frames, made.sound) == (25, "kept")
    assert copy(task(tmp_path, "v.mkv"), SMALL).done
    kept = np.abs(read_sound(tmp_path / "v.mkv.mp4").samples.astype(int))
    assert len(kept) == RATE
    for place in np.rint(places + late * RATE).astype(int):
        assert abs(kept[place - 500 : place + 500].argmax() - 500) < 48  # 2 ms
        assert kept[place - 500 : place + 500].max() > 1000


def test_sound_that_cannot_be_decoded_is_left_out_and_said(tmp_path):
    path = write_heard(tmp_path / "v.avi", 8, [(0, noise(8 * RATE // 25))])
    path.write_bytes(path.read_bytes().replace(b"01wb", b"03wb"))  # of no stream there is
    for done in (False, True):
        made = copy(task(tmp_path), SMALL)
        assert (made.frames, made.sound, made.done) == (8, "undecodable", done)
    assert read_sound(tmp_path / "v.avi.mp4") is None


def test_a_real_clip_keeps_its_sound(shared, tmp_path):
    clip = shared / "videos" / "UCF-101" / "BabyCrawling" / "v_BabyCrawling_g09_c01.avi"
    made = copy(CopyTask(clip, tmp_path / "c.mp4", 1, False), SMALL)
    assert made.sound == "kept"
    before, after = read_sound(clip), read_sound(tmp_path / "c.mp4")
    one, other = (track.samples[: 2 * RATE].astype(float) for track in (before, after))
    assert len(before.samples) == len(after.samples)
    assert np.corrcoef(one, other)[0, 1] > 0.95  # AAC's losses; a shift by 1 ms would give less


def test_a_torn_copy_is_made_anew(tmp_path):
    write_video(tmp_path / "v.avi", pictures(8))
    copy(task(tmp_path), SMALL)
    whole = (tmp_path / "v.avi.mp4").read_bytes()
    (tmp_path / "v.avi.mp4").write_bytes(whole[: len(whole) // 2])
    assert not copy(task(tmp_path), SMALL).done
    assert (tmp_path / "v.avi.mp4").read_bytes() == whole


def test_what_cannot_be_copied_is_said_and_leaves_nothing(tmp_path):
    (tmp_path / "v.avi").write_bytes(b"no video")
    assert copy(task(tmp_path), SMALL).startswith("cannot be decoded")
    write_video(tmp_path / "v.avi", pictures(8))
    assert copy(task(tmp_path, frames=9), SMALL) == "has 8 frames, not 9; index the dataset again."
    (tmp_path / "v.avi").unlink()
    assert "no longer exists" in copy(task(tmp_path, "w.avi"), SMALL)
    assert {path.name for path in tmp_path.iterdir()} <= {"v.avi.mp4"}


@pytest.mark.parametrize(
    ("size", "short", "expected"),
    [((240, 320), 128, (128, 170)), ((240, 190), 128, (162, 128)), ((24, 31), 128, (24, 32))],
)
def test_sizes_are_even_and_keep_proportions(size, short, expected):
    assert shrunk(*size, short) == expected


@pytest.mark.parametrize(
    "name",
    [
        "torchcodec/nasa_13013_rotated.mp4",
        "torchcodec/discard_first_keyframe.mp4",
        "torchcodec/h265_10bits.mp4",
        "torchcodec/testsrc2_odd_height_and_width_vp9.mp4",
        "UCF11-classifier/v_biking_01_01.mpg",
        "torchcodec/bt709_full_range.mp4",
    ],
)
def test_odd_videos_keep_their_frames_and_colours(shared, tmp_path, name):
    source = shared / "videos" / "odd" / name
    made = copy(CopyTask(source, tmp_path / "copy.mp4", 1, True), Copying(64, 12, 8))
    assert isinstance(made, Copy), made
    original = probe(source)
    assert made.frames == original.frames == probe(tmp_path / "copy.mp4").frames
    assert (made.width > made.height) == (original.width > original.height)
    assert made.ssim > 0.97  # of the luma; 4:2:0 takes colour from the edges of test patterns
    means = [read_frames(path, [0]).mean((0, 1, 2)) for path in (source, tmp_path / "copy.mp4")]
    assert np.abs(means[0] - means[1]).max() < 4
