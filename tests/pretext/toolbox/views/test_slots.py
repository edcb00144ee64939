"""Several views as one batch."""

import torch

from fame.pretext.toolbox.views.slots import interleaved


def test_views_of_a_video_stand_together():
    views = [torch.arange(6).view(3, 2) + 100 * n for n in range(2)]
    assert interleaved(views).tolist() == [
        [0, 1],
        [100, 101],
        [2, 3],
        [102, 103],
        [4, 5],
        [104, 105],
    ]
