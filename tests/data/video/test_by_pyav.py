"""Random access by PyAV; what both decoders must give is in test_decode.py."""

import numpy as np
import pytest
from small_videos import nearest, pictures, write_video

from fame.data.video import by_pyav
from fame.data.video.decode import read_frames
from fame.data.video.facts import DecodeError


@pytest.mark.parametrize("wanted", [[3, 90], [0, 1, 50, 51, 99], [98], [5, 6, 7], [20, 40, 60]])
def test_far_frames_are_sought_and_near_ones_decoded_on(tmp_path, monkeypatch, wanted):
    path = tmp_path / "v.mp4"
    truth = write_video(path, pictures(100), "mpeg4", "yuv420p", g="10", qmin="1")
    passed = []

    def counting(frames, numbers):
        kept = [passed.append(number) or (number, frame) for number, frame in frames]
        return collect(iter(kept), numbers)

    collect = by_pyav.collect_frames
    monkeypatch.setattr(by_pyav, "collect_frames", counting)
    assert nearest(read_frames(path, wanted), truth) == wanted
    assert len(passed) <= 10 * len({number // 10 for number in wanted})


def test_a_wrong_index_of_key_frames_does_not_lose_frames(tmp_path, monkeypatch):
    """If the numbered frames after a seek miss a wanted one, the file is read from its start."""
    path = tmp_path / "v.mkv"
    truth = write_video(path, pictures(20))
    monkeypatch.setattr(by_pyav, "frames_near", lambda *_: iter([]))
    np.testing.assert_array_equal(read_frames(path, [3, 19], "pyav"), truth[[3, 19]])


def test_frames_of_several_sizes_are_refused(tmp_path):
    one, other = (8, 6, 90), (8, 6, 0)
    assert by_pyav.upright_size(tmp_path, [one, one]) == (6, 8)
    assert by_pyav.upright_size(tmp_path, [other]) == (8, 6)
    with pytest.raises(DecodeError, match="differ in size"):
        by_pyav.upright_size(tmp_path, [one, other])
