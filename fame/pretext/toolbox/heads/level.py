"""One of MLRep's levels (Qian et al., ICCV 2021): its heads and its losses."""

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from fame.core.distributed import World
from fame.pretext.toolbox.heads.motion_gate import MotionGate
from fame.pretext.toolbox.losses.contrast import hits
from fame.pretext.toolbox.losses.likeness import follow_graph
from fame.pretext.toolbox.losses.match_moments import match_moments
from fame.pretext.toolbox.losses.pairs import contrast_pairs
from fame.pretext.toolbox.losses.together import together
from fame.pretext.toolbox.losses.wide import wide
from fame.pretext.toolbox.views.slots import interleaved


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


def level_errors(
    world: World, seen: Seen, graph: Tensor | None, temperature: float, released: bool
) -> tuple[Tensor, Tensor]:
    """A level's losses of contrast, time and graph, summed, and its share of right contrasts.

    Args:
        world: this process among its peers.
        seen: this process's videos.
        graph: (N, N), of the global batch; without it, its loss is left out.
        temperature: of all contrasts.
        released: the graph's loss is a mean over all pairs, not over rows.
    """
    ahead, *back = together(world, seen.main[:, :2]).unbind(2)
    first, second = ahead.unbind(1)
    contrast = contrast_pairs(first, second, temperature, back[0] if back else None)
    before, after, overview = seen.fine.unbind(1)
    error = cross_entropy(*contrast) + match_moments(before, after, overview, temperature)
    if graph is not None:
        first, second = together(world, seen.graph[:, :2]).unbind(1)
        rows = follow_graph(first, second, graph, temperature)
        error = error + rows.mean() / (len(rows) if released else 1)
    return error, hits(contrast[0].detach(), contrast[1])
