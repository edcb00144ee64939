"""Colour changes of a view: grey, jitter, blur, normalise (facts A5, in this order).

Each clip has its own random changes, the same for all its frames. Colour operations equal
torchvision's `adjust_*` on the clip as a stack of frames, or an old kornia's (`additive`).
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from fame.augment import additive
from fame.augment.colour import turn_hue
from fame.augment.gaussian import blur, kernel_size
from fame.augment.view_draws import NEUTRAL, ViewDraws
from fame.config.views import JitterKind
from fame.core.transfer import sent


def grayscale(clips: Tensor) -> Tensor:
    """ITU-R 601 luma: (B, 3, T, H, W) RGB to (B, 1, T, H, W)."""
    red, green, blue = clips.split(1, dim=1)
    return (0.2989 * red).add_(green, alpha=0.587).add_(blue, alpha=0.114)


def _blend(clips: Tensor, other: Tensor, factors: Tensor) -> Tensor:
    weights = _over_clips(factors)
    return torch.addcmul(other * (1 - weights), clips, weights).clamp_(0, 1)


def _over_clips(factors: Tensor) -> Tensor:
    """(B,) to (B, 1, 1, 1, 1)."""
    return factors.view(-1, 1, 1, 1, 1)


def brightness(clips: Tensor, factors: Tensor) -> Tensor:
    """Scale towards black (factor 0) or beyond the original (above 1)."""
    return (clips * _over_clips(factors)).clamp_(0, 1)


def contrast(clips: Tensor, factors: Tensor) -> Tensor:
    """Blend with each frame's own mean grey."""
    return _blend(clips, grayscale(clips).mean((1, 3, 4), keepdim=True), factors)


def saturation(clips: Tensor, factors: Tensor) -> Tensor:
    """Blend with the grey clip."""
    return _blend(clips, grayscale(clips), factors)


def hue(clips: Tensor, factors: Tensor) -> Tensor:
    """Turn the hue circle by `factors` turns."""
    return turn_hue(clips, factors.view(-1, 1, 1, 1), dim=1)


OPERATIONS: Mapping[JitterKind, Sequence[Callable[[Tensor, Tensor], Tensor]]] = {
    "torchvision": (brightness, contrast, saturation, hue),
    "additive": (additive.brightness, additive.contrast, additive.saturation, hue),
}
"""The jitter operations of each kind, in the order of the columns of `ViewDraws.factors`."""


def _apply(
    clips: Tensor, chosen: Tensor, change: Callable[..., Tensor], *parameters: Tensor
) -> None:
    """Change the chosen clips in place; `change` gets them and their rows of each parameter."""
    rows = chosen.nonzero().flatten()
    if len(rows):
        there = sent(rows, clips.device)
        picked = clips.index_select(0, there)
        given = (sent(values[rows].to(clips.dtype), clips.device) for values in parameters)
        changed = change(picked, *given)
        clips.index_copy_(0, there, changed)


def _gray(clips: Tensor) -> Tensor:
    return grayscale(clips).expand_as(clips)


def _jitter(clips: Tensor, draws: ViewDraws, kind: JitterKind) -> None:
    # Four rounds of four operations cover every order without a loop over the clips.
    for turn in draws.order.T:
        for number, operation in enumerate(OPERATIONS[kind]):
            factors = draws.factors[:, number]
            chosen = draws.jitter & (turn == number) & (factors != NEUTRAL[number])
            _apply(clips, chosen, operation, factors)


def photometric(clips: Tensor, draws: ViewDraws, kind: JitterKind) -> Tensor:
    """Grey, then jitter, then blur; each for the clips that were drawn for it.

    Args:
        clips: (B, 3, T, H, W) float RGB in [0, 1]; not modified.
        draws: the batch's draws, on the CPU.
        kind: of the jitter's operations; see `ViewSettings.jitter_kind`.

    Returns:
        (B, 3, T, H, W) in [0, 1].
    """
    result = clips.clone()
    _apply(result, draws.gray, _gray)
    _jitter(result, draws, kind)
    size = kernel_size(min(clips.shape[-2:]))
    _apply(result, draws.blur, lambda picked, sigma: blur(picked, size, sigma), draws.sigma)
    return result


def normalise(clips: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Subtract each colour's mean and divide by its standard deviation.

    Args:
        clips: (B, 3, T, H, W) float RGB in [0, 1].
        mean: one number per colour.
        std: one number per colour.

    Returns:
        (B, 3, T, H, W), the same dtype.
    """
    shape = (1, 3, 1, 1, 1)
    centre, spread = (
        sent(torch.tensor(colour, dtype=clips.dtype).view(shape), clips.device)
        for colour in (mean, std)
    )
    return (clips - centre).div_(spread)
