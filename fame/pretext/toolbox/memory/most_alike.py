"""The vectors of other videos that are most like a video's own."""

import torch
from torch import Tensor, nn

from fame.core.distributed import World
from fame.pretext.toolbox.losses.predict import apart
from fame.pretext.toolbox.memory.bank import Bank


@torch.no_grad()
def partners(queries: Tensor, own: Tensor, candidates: Tensor, videos: Tensor) -> Tensor:
    """For each query the most similar candidate that is not of the query's own video.

    Args:
        queries: (B, D) unit vectors.
        own: (B,) int64, the queries' videos.
        candidates: (K, D) unit vectors, some of other videos than the query's.
        videos: (K,) int64, the candidates' videos.

    Returns:
        (B,) int64 rows of `candidates`; of equally similar ones the first.
    """
    with torch.autocast(queries.device.type, enabled=False):
        alike = queries @ candidates.T
    same = own[:, None] == videos[None]
    return alike.masked_fill(same, -torch.inf).argmax(dim=1)


class Partners(nn.Module):
    """What other videos have, of those that look most alike.

    Args:
        size: of the bank of earlier vectors; with 0 the batch's other videos take its place.
        dim: of the looks and of what the others have, each.
        world: this process among its peers.
    """

    def __init__(self, size: int, dim: int, world: World) -> None:
        super().__init__()
        self.bank, self._world = Bank(size, 2 * dim), world

    @torch.no_grad()
    def forward(self, looks: Tensor, theirs: Tensor, videos: Tensor) -> Tensor | None:
        """What each video's partner has; all processes' vectors join the bank afterwards.

        Args:
            looks: (B, D) unit vectors, by which partners are chosen.
            theirs: (B, D) vectors, which are returned.
            videos: (B,) int64.

        Returns:
            (B, D); None until the bank is full.
        """
        newest = self._world.gather(torch.cat([looks, theirs], dim=1))
        of = self._world.gather(videos)
        chosen = None
        if not len(self.bank):
            chosen = _theirs(looks, videos, newest, of)
        elif self.bank.full():
            chosen = _theirs(looks, videos, self.bank.vectors, self.bank.videos)
        self.bank.add(newest, of)
        return chosen


def _theirs(looks: Tensor, videos: Tensor, known: Tensor, of: Tensor) -> Tensor:
    their_looks, theirs = known.chunk(2, dim=1)
    return theirs[partners(looks, videos, their_looks, of)]


def partners_error(
    banks: nn.ModuleList, predicted: Tensor, looks: Tensor, theirs: Tensor, videos: Tensor
) -> Tensor:
    """The mean error of predictions of what the partners have; 0 until the banks are full.

    Args:
        banks: S `Partners`; row b * S + s of what follows is clip s of video b, for bank s.
        predicted: (B * S, D), with gradient.
        looks: (B * S, D) unit vectors.
        theirs: (B * S, D).
        videos: (B,) int64.
    """
    errors = [predicted.sum() * 0]
    for number, partners_of in enumerate(banks):
        rows = slice(number, None, len(banks))
        chosen = partners_of(looks[rows], theirs[rows], videos)
        if chosen is not None:
            errors.append(apart(predicted[rows], chosen).mean() / len(banks))
    return torch.stack(errors).sum()
