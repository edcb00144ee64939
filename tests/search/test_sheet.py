import os

import matplotlib.pyplot as plt
import numpy as np
import pytest
from small_videos import pictures, write_video

from fame.data.video.facts import DecodeError
from fame.report.style import style
from fame.search.sheet import Strip, draw, side_by_side, strip, write


def test_a_strip_shows_the_middle_of_each_third(tmp_path):
    frames = write_video(tmp_path / "v.avi", pictures(12))
    shown = strip("title", tmp_path / "v.avi", 12)
    np.testing.assert_array_equal(shown.frames, frames[[2, 6, 10]])


@pytest.mark.parametrize("count", [1, 2])
def test_short_videos_repeat_frames(tmp_path, count):
    write_video(tmp_path / "v.avi", pictures(count))
    assert len(strip("title", tmp_path / "v.avi", count).frames) == 3


def test_large_frames_are_thinned(tmp_path):
    frames = write_video(tmp_path / "v.avi", pictures(3, 720, 1280))
    shown = strip("title", tmp_path / "v.avi", 3).frames
    np.testing.assert_array_equal(shown, frames[:, ::4, ::4])


def test_a_video_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(DecodeError, match="no such video"):
        strip("title", tmp_path / "v.avi", 3)


@pytest.mark.parametrize("size", [(24, 32), (32, 24), (31, 10)])
def test_frames_stand_side_by_side(size):
    frames = np.random.default_rng(0).integers(0, 250, (3, *size, 3)).astype(np.uint8)
    row = side_by_side(frames)
    gap = round(0.04 * size[1])
    assert row.shape == (size[0], 3 * max(size) + 2 * gap, 3)
    columns = row[:, (row != 255).any(axis=(0, 2))]
    np.testing.assert_array_equal(columns, np.concatenate(list(frames), axis=1))


def test_a_sheet_has_a_row_for_each_video():
    strips = [
        Strip("query    $x_1$ & $y", np.zeros((3, 24, 32, 3), np.uint8)),
        Strip("n" * 200, np.zeros((3, 40, 20, 3), np.uint8)),
        Strip(os.fsdecode(b"\xe9t\xe9.mp4"), np.zeros((3, 24, 32, 3), np.uint8)),
    ]
    with style():
        figure = draw(strips)
    figure.canvas.draw()
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles[0] == "query    $x_1$ & $y"
    assert len(titles[1]) < 90
    assert titles[2] == r"\xe9t\xe9.mp4"
    plt.close(figure)


def test_a_sheet_is_written_twice_and_again_the_same(tmp_path):
    strips = [Strip("ü 漢字 title", np.full((3, 24, 32, 3), 99, np.uint8))]
    files = write(strips, tmp_path / "sheet.png")
    assert [file.name for file in files] == ["sheet.png", "sheet.pdf"]
    before = [file.read_bytes() for file in files]
    write(strips, tmp_path / "sheet.png")
    assert [file.read_bytes() for file in files] == before
