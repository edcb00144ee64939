"""The heads of one of MLRep's levels."""

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.functional import normalize

from fame.pretext.toolbox.motion_gate import MotionGate
from fame.pretext.toolbox.slots import interleaved
from fame.pretext.toolbox.wide import wide


class Seen(NamedTuple):
    """What a level sees of N clips of each of B videos.

    Attributes:
        main: (B, N, directions, D) unit vectors; the second direction, if any, is reversed.
        fine: (B, N, D, t) of any length.
        graph: (B, N, D) unit vectors.
    """

    main: Tensor
    fine: Tensor
    graph: Tensor


def _head(channels: int, dim: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(channels, channels, 1), nn.ReLU(inplace=True), nn.Conv1d(channels, dim, 1)
    )


class Level(nn.Module):
    """Three heads, each a hidden layer for every moment, on a stage's map averaged over space.

    Args:
        channels: of the map.
        dim: of the vectors, D.
        moving: a copy of the map reversed in time is seen as well, and a `MotionGate` precedes.
    """

    def __init__(self, channels: int, dim: int, moving: bool) -> None:
        super().__init__()
        self.gate = MotionGate(channels) if moving else None
        self.main, self.fine, self.graph = (_head(channels, dim) for _ in range(3))

    def forward(self, maps: Tensor, clips: int) -> Seen:
        """The vectors of maps (B * clips, channels, t, h, w), in float32 at least."""
        if self.gate is None:
            both = maps.mean(dim=(3, 4))[:, None]
        else:
            # A map and its reversed copy side by side, and so in one group of BatchNorm.
            gated = self.gate(interleaved([maps, maps.flip(2)]))
            both = gated.mean(dim=(3, 4)).unflatten(0, (-1, 2))
        main = wide(self.main(both.flatten(0, 1))).mean(dim=2)
        graph = wide(self.graph(both[:, 0])).mean(dim=2).unflatten(0, (-1, clips))
        fine: Tensor = wide(self.fine(both[:, 0])).unflatten(0, (-1, clips))
        shape = (-1, clips, both.shape[1])
        return Seen(normalize(main, dim=1).unflatten(0, shape), fine, normalize(graph, dim=2))
