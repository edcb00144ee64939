"""Scale frames down to a maximum short side as soon as they are read."""

import torch


def fitted(height: int, width: int, max_short_side: int | None) -> tuple[int, int]:
    """The size (H, W) with a short side of at most `max_short_side`, proportions kept."""
    short = min(height, width)
    if max_short_side is None or short <= max_short_side:
        return int(height), int(width)
    return round(height * max_short_side / short), round(width * max_short_side / short)


def scaled_down(frames: torch.Tensor, max_short_side: int | None) -> torch.Tensor:
    """Frames (..., H, W) uint8, scaled down with antialiasing; small ones are unchanged."""
    size = fitted(frames.shape[-2], frames.shape[-1], max_short_side)
    if frames.shape[-2:] == size:
        return frames
    # Imported here: it takes as long to import as torch, and mini worlds do not need it.
    from torchvision.transforms.v2.functional import resize

    small: torch.Tensor = resize(frames, list(size), antialias=True)
    return small
