"""Videos for people: what is written decodes to what was given, or nothing is written."""

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_videos import pictures

from fame.core.errors import FameError
from fame.data.video.decode import probe, read_frames
from fame.data.video.encode import FORMATS, even, rate, write_video


def smooth(count, height, width):
    """Pictures that survive lossy coding: a ramp that gets brighter."""
    ramp = (
        np.linspace(0, 150, width)[None, None, :, None] + 20 * np.arange(count)[:, None, None, None]
    )
    return np.broadcast_to(ramp, (count, height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("ending", sorted(FORMATS))
def test_what_is_written_is_what_was_given(tmp_path, ending):
    given_frames = smooth(5, 32, 48)
    written = write_video(tmp_path / f"out{ending}", given_frames, 25.0)
    assert (written.frames, written.width, written.height, written.padded) == (5, 48, 32, False)
    info = probe(tmp_path / f"out{ending}")
    assert (info.frames, info.width, info.height) == (5, 48, 32)
    assert info.fps == pytest.approx(25)
    frames = read_frames(tmp_path / f"out{ending}", range(5))
    assert abs(frames.astype(int) - given_frames).mean() < 4


def test_players_can_show_it(tmp_path):
    write_video(tmp_path / "out.mp4", smooth(3, 32, 32), 30000 / 1001)
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.pix_fmt == "yuv420p"
        assert stream.average_rate == Fraction(30000, 1001)
        assert stream.codec_context.name in {"h264", "mpeg4"}


@pytest.mark.parametrize(("height", "width"), [(33, 47), (32, 47), (33, 48), (1, 1)])
def test_odd_sides_are_made_even(tmp_path, height, width):
    written = write_video(tmp_path / "out.mp4", smooth(2, height, width), 25)
    assert written.padded
    info = probe(tmp_path / "out.mp4")
    assert (info.height, info.width) == (height + height % 2, width + width % 2)


def test_padding_repeats_the_last_row_and_column():
    picture = pictures(1, 24, 32)[0][:23, :31]
    padded = even(picture)
    np.testing.assert_array_equal(padded[:23, :31], picture)
    np.testing.assert_array_equal(padded[23, :31], picture[22])
    np.testing.assert_array_equal(padded[:, 31], padded[:, 30])


def test_equal_pictures_are_equal_files(tmp_path):
    """Whatever the memory held before: without `cpu-independent` most of these differ."""
    draw, written = np.random.default_rng(0), set()
    for _ in range(60):
        draw.integers(0, 256, draw.integers(1_000, 4_000_000), dtype=np.uint8)
        write_video(tmp_path / "out.mp4", pictures(4, 40, 40), 25)
        written.add((tmp_path / "out.mp4").read_bytes())
    assert len(written) == 1


def test_a_failure_halfway_leaves_the_old_file(tmp_path):
    def broken():
        yield from pictures(3)
        raise FameError("the source broke")

    path = tmp_path / "out.mp4"
    path.write_bytes(b"old")
    with pytest.raises(FameError, match="the source broke"):
        write_video(path, broken(), 25)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["out.mp4"]


def test_nothing_to_write_and_wrong_names_are_refused(tmp_path):
    with pytest.raises(FameError, match="no picture"):
        write_video(tmp_path / "out.mp4", [], 25)
    with pytest.raises(FameError, match=r"\.mp4, .*choose another name"):
        write_video(tmp_path / "out.gif", pictures(2), 25)
    assert not list(tmp_path.iterdir())


@given(fps=st.floats(allow_nan=True, allow_infinity=True))
def test_every_rate_is_one_that_encoders_take(fps):
    encoded = rate(fps)
    assert 0 < encoded <= 240
    assert encoded.denominator <= 1001


def test_usual_rates_are_exact():
    assert rate(30000 / 1001) == Fraction(30000, 1001)
    assert rate(1) == 1
    assert rate(0) == 25
    assert rate(90000) == 25
