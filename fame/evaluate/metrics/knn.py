"""Leave-one-out nearest-neighbour accuracy: a cheap look at features during training."""

import torch
import torch.nn.functional as F

from fame.core.errors import FameError


def leave_one_out(features: torch.Tensor, labels: torch.Tensor, neighbours: int) -> float:
    """Percent of videos whose nearest other videos vote for their class.

    Each video is classified by a majority of its nearest others by cosine. Equally near
    videos are taken in order of index; a tied vote goes to the class whose voters are
    nearer (smaller sum of ranks), then to the lowest class.

    Args:
        features: (N, D) float, on any device.
        labels: (N,) int64, none negative.
        neighbours: number of voters, less than N.

    Returns:
        Accuracy, 0 to 100.

    Raises:
        FameError: if there are too few videos, a label is missing or a value is not finite.
    """
    _check(features, labels, neighbours)
    nearest = _nearest(features, neighbours)
    votes = _count(labels.to(features.device)[nearest])
    right = votes.argmax(dim=1) == labels.to(features.device)
    return 100 * right.double().mean().item()


def _check(features: torch.Tensor, labels: torch.Tensor, neighbours: int) -> None:
    if not 0 < neighbours < len(features):
        raise FameError(
            f"kNN with {neighbours} neighbours needs more videos than {len(features)}; "
            "raise monitor.videos or lower monitor.neighbours"
        )
    if labels.min() < 0:
        raise FameError("kNN needs a label for every video; choose labelled videos")
    if not torch.isfinite(features).all():
        raise FameError("features hold NaN or infinity: training diverged; lower its learning rate")


def _nearest(features: torch.Tensor, k: int) -> torch.Tensor:
    """(N, k) indices of each row's nearest others; rounding makes equal rows tie exactly."""
    unit = F.normalize(features.double(), dim=1)
    similar = (unit @ unit.T).round(decimals=10)
    similar.fill_diagonal_(-torch.inf)
    return similar.argsort(dim=1, descending=True, stable=True)[:, :k]


def _count(voted: torch.Tensor) -> torch.Tensor:
    """(N, classes) votes of (N, k) labels, nearest first.

    A vote weighs k(k+1) plus k - rank: all the ranks together weigh less than one vote, so
    they decide ties and nothing else. Integers keep the sums exact.
    """
    k = voted.shape[1]
    weights = k * (k + 1) + k - torch.arange(k, device=voted.device)
    votes = torch.zeros(len(voted), int(voted.max()) + 1, dtype=torch.int64, device=voted.device)
    return votes.scatter_add_(1, voted, weights.expand_as(voted))
