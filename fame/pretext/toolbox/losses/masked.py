"""CBT's contrast: a guess of a video's masked window among the windows of all videos."""

import torch
from torch import Tensor


def masked_scores(guessed: Tensor, true: Tensor, left_out: Tensor, temperature: float) -> Tensor:
    """Logits of each video's masked window among all windows of all videos.

    Args:
        guessed: (N, D), what is thought to be at the masked place.
        true: (N, W, D).
        left_out: (N, W) bool, windows of a video that do not count against its own guess.
        temperature: divides every dot product.

    Returns:
        (N, N, W); row i, column j, w is the guess of video i against window w of video j.
    """
    with torch.autocast(guessed.device.type, enabled=False):
        logits = torch.einsum("id,jwd->ijw", guessed, true) / temperature
    own = torch.eye(len(true), dtype=torch.bool, device=true.device)
    return logits.masked_fill(own[:, :, None] & left_out[:, None], -torch.inf)


def hits_in_video(logits: Tensor, masked: Tensor) -> Tensor:
    """The share of guesses whose best among the windows of their own video is right: a scalar.

    Args:
        logits: (N, N, W), as `masked_scores` gives them.
        masked: (N,) int64.
    """
    rows = torch.arange(len(logits), device=logits.device)
    return (logits[rows, rows].argmax(dim=1) == masked).float().mean()
