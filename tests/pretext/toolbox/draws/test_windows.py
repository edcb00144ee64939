"""CBT's windows: which frames, and which is masked."""

import numpy as np
import torch

from fame.pretext.toolbox.draws.windows import Windows, repeats


def test_windows_follow_one_another_and_each_is_masked_as_often():
    draw, random = Windows(4, 2, 3), np.random.default_rng(0)
    drawn = [draw(30, random) for _ in range(3000)]
    for one in drawn:
        assert one.frames.shape == (3, 4)
        assert (np.diff(one.frames.ravel()) == 2).all() and one.frames.max() < 30
    counts = np.bincount([int(one.labels[0]) for one in drawn], minlength=3)
    assert abs(counts - 1000).max() < 4 * (3000 * 2 / 9) ** 0.5
    assert {int(one.frames[0, 0]) for one in drawn} == set(range(7))


def test_short_videos_loop_and_repeats_are_known():
    numbers = Windows(4, 1, 3)(8, np.random.default_rng(0)).frames
    assert np.array_equal(numbers[2], numbers[0])
    frames = torch.from_numpy(numbers)[None].repeat(2, 1, 1)
    found = repeats(frames, torch.tensor([0, 1]))
    assert found.tolist() == [[False, False, True], [False] * 3]
