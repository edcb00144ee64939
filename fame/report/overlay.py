"""Masks drawn over frames: foreground as it is, background dark or white. No torch."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.uint8]

OUTLINE = (230, 159, 0)
"""RGB of the line round a binary mask; the colour-blind-safe orange of the palette."""

_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32) * 0.3
"""Weights of R, G and B for luma, times 0.3 to darken the background."""


def darkened(frames: Frames, mask: npt.NDArray[np.floating]) -> Iterator[Frames]:
    """Frames with the background grey and dark, and a line round a mask that is binary.

    Args:
        frames: (n, H, W, 3) uint8 RGB.
        mask: (H, W) in [0, 1], 1 = foreground; a soft one fades from one to the other.

    Yields:
        (H, W, 3) uint8, one for each frame.
    """
    weights = mask[..., None].astype(np.float32)
    binary = np.isin(mask, (0, 1)).all()
    line = outline(mask > 0, max(1, round(min(mask.shape) / 180))) & binary
    for frame in frames:
        grey = frame @ _GREY
        picture = np.rint(frame * weights + grey[..., None] * (1 - weights)).astype(np.uint8)
        picture[line] = OUTLINE
        yield picture


def outline(mask: npt.NDArray[np.bool_], width: int) -> npt.NDArray[np.bool_]:
    """The pixels of a mask within `width` steps of one outside it, not of the frame's edge."""
    inner = mask
    for _ in range(width):
        padded = np.pad(inner, 1, mode="edge")
        inner = inner & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner


def on_white(frame: Frames, mask: npt.NDArray[np.floating]) -> Frames:
    """A frame (H, W, 3) whose background is white, as in the paper's Figure 4."""
    weights = mask[..., None]
    return np.rint(frame * weights + 255 * (1 - weights)).astype(np.uint8)
