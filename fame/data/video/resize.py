"""Frames that are larger than needed are scaled down as soon as they are read."""

import torch


def fitted(height: int, width: int, fit: int | None) -> tuple[int, int]:
    """The size (H, W) once the short side is at most `fit`, proportions kept; None keeps it."""
    short = min(height, width)
    if fit is None or short <= fit:
        return int(height), int(width)
    return round(height * fit / short), round(width * fit / short)


def scaled_down(frames: torch.Tensor, fit: int | None) -> torch.Tensor:
    """Frames (..., H, W) uint8 at their fitted size, antialiased; those that fit as they are."""
    size = fitted(frames.shape[-2], frames.shape[-1], fit)
    if frames.shape[-2:] == size:
        return frames
    # Here, because it takes as long to import as torch does, and mini worlds need none.
    from torchvision.transforms.v2.functional import resize

    small: torch.Tensor = resize(frames, list(size), antialias=True)
    return small
