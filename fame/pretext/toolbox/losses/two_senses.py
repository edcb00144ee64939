"""GDT's contrast of sound and picture (Patrick et al., ICCV 2021), with or without variance.

Queries of one sense look for their keys in the other, among those of all videos. Keys pass no
gradient, so each network learns as a query only. Videos that are not heard are neither queries nor
keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from fame.core.distributed import World
from fame.pretext.toolbox.draws.two_moments import Slot
from fame.pretext.toolbox.losses.contrast import own_rows
from fame.pretext.toolbox.losses.wide import wide


@dataclass(frozen=True)
class Pair:
    """One moment of each video: unit vectors of this process's B videos, keys of all M.

    Attributes:
        video, sound: (B, D), with gradient.
        videos, sounds: (M, D), without.
    """

    video: Tensor
    sound: Tensor
    videos: Tensor
    sounds: Tensor


def pairs_of(
    world: World, slots: Sequence[Slot], videos: Tensor, sounds: Tensor
) -> dict[Slot, Pair]:
    """The pair of each slot.

    Args:
        world: this process among its peers.
        slots: of each video, S.
        videos: (B * S, D) vectors of any length, video by video.
        sounds: the same of the sounds.
    """
    vectors = (
        normalize(wide(part), dim=1).unflatten(0, (-1, len(slots))).unbind(dim=1)
        for part in (videos, sounds)
    )
    return {slot: pair(world, *both) for slot, *both in zip(slots, *vectors, strict=True)}


def pair(world: World, video: Tensor, sound: Tensor) -> Pair:
    """A pair with the keys of all processes."""
    return Pair(video, sound, world.gather(video), world.gather(sound))


class TwoSenses:
    """The losses of one batch; each is a scalar, the mean over the chosen videos of all processes.

    Args:
        world: this process among its peers.
        heard: (B,) bool, which of this process's videos have sound.
        temperature: divides every similarity.
    """

    def __init__(self, world: World, heard: Tensor, temperature: float) -> None:
        self._world, self._heard, self._temperature = world, heard, temperature
        self._all = world.gather(heard)
        self._own = own_rows(world, len(heard))
        self._targets = (self._all.cumsum(0) - 1)[self._own]

    def base(self, one: Pair) -> Tensor:
        """Picture and sound of one moment find each other among those of other videos."""
        rows = self._heard
        seen = self._nce(one.video, [one.sounds], rows)
        return (seen + self._nce(one.sound, [one.videos], rows)) / 2

    def variant(self, one: Pair, other: Pair, apart: Tensor | None = None) -> Tensor:
        """The same, and the videos' own other moments are negatives.

        Args:
            one: as it is.
            other: transformed.
            apart: (B,) bool, which videos' moments differ; None for all.
        """
        rows = self._heard if apart is None else self._heard & apart
        terms = [
            self._nce(one.video, [one.sounds, other.sounds], rows),
            self._nce(one.sound, [one.videos, other.videos], rows),
            self._nce(other.video, [other.sounds, one.sounds], rows),
            self._nce(other.sound, [other.videos, one.videos], rows),
        ]
        return torch.stack(terms).mean()

    def invariant(self, one: Pair, other: Pair) -> Tensor:
        """Each sense finds the other sense's other moment."""
        terms = [
            self._nce(one.video, [other.sounds], self._heard),
            self._nce(one.sound, [other.videos], self._heard),
            self._nce(other.video, [one.sounds], self._heard),
            self._nce(other.sound, [one.videos], self._heard),
        ]
        return torch.stack(terms).mean()

    def found(self, one: Pair) -> Tensor:
        """The share of heard videos whose picture is most like its own sound, of all sounds."""
        with torch.autocast(one.video.device.type, enabled=False):
            alike = one.video.detach() @ one.sounds.T
        nearest = alike.masked_fill(~self._all, -torch.inf).argmax(dim=1)
        numbers = torch.arange(len(self._all), device=nearest.device)[self._own]
        right = (nearest == numbers) & self._heard
        return self._mean(right.to(one.video).sum(), self._heard)

    def told(self, one: Pair, other: Pair, apart: Tensor | None = None) -> Tensor:
        """The share of heard videos whose picture is more like its own sound than the other's."""
        rows = self._heard if apart is None else self._heard & apart
        picture, right, wrong = (
            value.detach()[rows] for value in (one.video, one.sound, other.sound)
        )
        gap = (picture * right).sum(dim=1) - (picture * wrong).sum(dim=1)
        return self._mean((gap > 0).to(gap).sum() + 0.5 * (gap == 0).to(gap).sum(), rows)

    def _nce(self, query: Tensor, keys: list[Tensor], rows: Tensor) -> Tensor:
        """Cross-entropy of the chosen rows of queries (B, D); targets are among the first keys."""
        chosen = rows.nonzero().flatten()
        candidates = torch.cat([key[self._all] for key in keys])
        with torch.autocast(query.device.type, enabled=False):
            logits = query[chosen] @ candidates.T / self._temperature
        losses = cross_entropy(logits, self._targets[chosen], reduction="sum")
        return self._mean(losses, rows)

    def _mean(self, total: Tensor, rows: Tensor) -> Tensor:
        """A sum over this process's rows, so divided that processes' mean is that of all rows."""
        count = self._world.gather(rows).sum().clamp_min(1)
        return total * self._world.size / count
