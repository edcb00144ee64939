"""VideoMoCo's generator: a weight for each frame, and clips without the lowest.

Pan et al., CVPR 2021.

The frames are channels of one picture. Convolutions reduce it to one small map for each frame; an
LSTM reads these maps as a sequence in both directions.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d

UNITS, BLOCKS = 3, 3
DILATIONS = (6, 12, 18)
HIDDEN = 64
LEAST = UNITS + 2**BLOCKS
"""Side of a view, in pixels, below which nothing is left of it."""


class Pyramid(nn.Module):
    """Atrous spatial pyramid: the whole picture, each pixel, and three dilated neighbourhoods.

    Shape:
        (B, C, H, W) -> the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.whole = nn.Conv2d(channels, channels, 1)
        near = [nn.Conv2d(channels, channels, 1)]
        far = [nn.Conv2d(channels, channels, 3, padding=d, dilation=d) for d in DILATIONS]
        self.branches = nn.ModuleList(near + far)
        self.join = nn.Conv2d((2 + len(DILATIONS)) * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """All branches side by side, joined."""
        whole = self.whole(x.mean(dim=(2, 3), keepdim=True)).expand_as(x)
        return self.join(torch.cat([whole, *(branch(x) for branch in self.branches)], dim=1))


class FrameWeights(nn.Module):
    """Clips (B, 3, T, S, S) to weights of their frames, (B, T) in [0, 1] that sum to 1.

    At T = 32 and S = 112 it has 558,560 parameters, as in the release.

    Args:
        frames: T.
        size: S, at least `LEAST`.
    """

    def __init__(self, frames: int, size: int) -> None:
        super().__init__()
        channels, side = 3 * frames, (size - UNITS) // 2**BLOCKS
        self.unit = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, dilation=2, bias=False),
            nn.BatchNorm2d(channels, eps=1e-3),
            nn.ReLU(),
        )
        self.pyramid = Pyramid(channels)
        self.reduce = _convolution(channels, frames)
        self.block = _convolution(frames, frames)
        self.lstm = nn.LSTM(side**2, HIDDEN, batch_first=True, bidirectional=True)
        self.last = nn.Linear(2 * HIDDEN, frames)

    def forward(self, clips: Tensor) -> Tensor:
        """Weigh the frames."""
        x = clips.flatten(1, 2)
        for _ in range(UNITS):  # one unit, applied again
            x = max_pool2d(self.unit(x), 2, stride=1, padding=1)
        x = self.reduce(self.pyramid(x))
        for _ in range(BLOCKS):  # likewise one block
            x = avg_pool2d(self.block(self.block(x)), 2)
        sequence, _ = self.lstm(x.flatten(2))
        return self.last(sequence[:, -1]).softmax(dim=1)


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def without_lowest(clips: Tensor, weights: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Clips whose `count` frames of lowest weight are replaced by their own mean value.

    The choice has no gradient, so the weights get a straight-through one: each frame's weight gets
    the sum of the gradient at that frame over channels and pixels, whether it was dropped or not.

    Args:
        clips: (B, C, T, H, W).
        weights: (B, T); of equal ones the earlier is lower.
        count: from 0 to T.

    Returns:
        The clips, and the numbers of the dropped frames (B, count) int64, lowest weight first.
    """
    order = weights.detach().argsort(dim=1, stable=True)
    dropped = (order.argsort(dim=1) < count)[:, None, :, None, None]
    kept = torch.where(dropped, clips.mean(dim=(1, 3, 4), keepdim=True), clips)
    through = (weights - weights.detach()).to(clips.dtype)
    return kept + through[:, None, :, None, None], order[:, :count]
