"""CCL's losses on videos and their frames, in the reading of `fame.pretext.ccl`."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize, relu


def cycle(videos: Tensor, frames: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """From a video to frames and back: logits of the videos that the frames found lead to.

    Each video takes the mean of all frames, weighted by a softmax of similarities, and that mean
    is compared with all videos.

    Args:
        videos: (N, D) unit vectors.
        frames: (N, M, D) unit vectors.
        temperature: divides every similarity.

    Returns:
        (N, N) logits and (N,) int64 targets, the videos themselves.
    """
    every = frames.flatten(0, 1)
    weights = (videos @ every.T / temperature).softmax(dim=1)
    targets = torch.arange(len(videos), device=videos.device)
    return (weights @ every) @ videos.T / temperature, targets


def among_videos(videos: Tensor, frames: Tensor, temperature: float) -> Tensor:
    """Each video is like the mean of its frames, and unlike other videos: a scalar."""
    mean = normalize(frames.mean(dim=1), dim=1)
    own = torch.eye(len(videos), dtype=torch.bool, device=videos.device)
    positive = (videos * mean).sum(dim=1).diag_embed()
    logits = torch.where(own, positive, videos @ videos.T) / temperature
    return cross_entropy(logits, torch.arange(len(videos), device=videos.device))


def among_frames(videos: Tensor, frames: Tensor, temperature: float) -> Tensor:
    """Each frame is like its video, and unlike the frames of other videos: a scalar."""
    count, moments, dim = frames.shape
    every = frames.reshape(-1, dim)
    of = torch.arange(count, device=frames.device).repeat_interleave(moments)
    others = (every @ every.T).masked_fill(of[:, None] == of[None], -torch.inf)
    positive = (every * videos[of]).sum(dim=1, keepdim=True)
    logits = torch.cat([positive, others], dim=1) / temperature
    return cross_entropy(logits, torch.zeros_like(of))


def sameness(frames: Tensor, limit: float) -> Tensor:
    """By how much the cosine of two frames of a video exceeds a limit, on average: a scalar."""
    moments = frames.shape[1]
    apart = ~torch.eye(moments, dtype=torch.bool, device=frames.device)
    return relu(frames @ frames.mT - limit)[:, apart].mean()
