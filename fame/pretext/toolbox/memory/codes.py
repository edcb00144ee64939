"""Codes of pairs of clips over prototypes, from the batch and a bank of earlier scores."""

import torch
from torch import Tensor, nn

from fame.core.distributed import World
from fame.pretext.toolbox.memory.bank import Bank


@torch.no_grad()
def sinkhorn(scores: Tensor, epsilon: float, rounds: int) -> Tensor:
    """Shares of each sample in the prototypes, all of which are used nearly equally (SwAV).

    Args:
        scores: (N, K) similarities of samples and prototypes, in [-1, 1].
        epsilon: the smaller, the harder the codes; at 0.05 they fit into float32.
        rounds: of making prototypes equal, then samples.

    Returns:
        (N, K) without gradient; each row sums to 1.
    """
    codes = ((scores - scores.max()) / epsilon).exp()
    for _ in range(rounds):
        codes = codes / codes.sum(dim=0, keepdim=True)
        codes = codes / codes.sum(dim=1, keepdim=True)
    return codes


class Codes(nn.Module):
    """Sinkhorn's codes of both clips of each video.

    Args:
        size: of the bank; 0 keeps none.
        prototypes: their number, K.
        world: this process among its peers.
    """

    def __init__(self, size: int, prototypes: int, world: World) -> None:
        super().__init__()
        self.bank, self._world = Bank(size, 2 * prototypes), world

    @torch.no_grad()
    def forward(
        self, scores: Tensor, videos: Tensor, banked: bool, epsilon: float, rounds: int
    ) -> Tensor:
        """The codes of the global batch, whose scores join the bank afterwards.

        Args:
            scores: (B, 2, K), this process's.
            videos: (B,) int64.
            banked: whether earlier scores take part, once the bank is full.
            epsilon: of `sinkhorn`.
            rounds: likewise.

        Returns:
            (N, 2, K) without gradient; each row sums to 1.
        """
        newest = self._world.gather(scores.flatten(1))
        known = [newest]
        if banked and self.bank.full():
            known.append(self.bank.vectors)
        parts = torch.cat(known).chunk(2, dim=1)
        codes = [sinkhorn(part, epsilon, rounds)[: len(newest)] for part in parts]
        self.bank.add(newest, self._world.gather(videos))
        return torch.stack(codes, dim=1)
