"""Choose a view's crop box, then crop, resize, flip and convert bytes to floats."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fame.core.transfer import sent

Integers = npt.ArrayLike | Tensor
"""One or more integers per sample of a batch, on any device."""

TRIES = 10
"""Attempts at a random box before the central one is used, as in torchvision."""


def as_array(values: Integers) -> np.ndarray:
    """The values on the CPU; a tensor on another device is copied from there."""
    return values.numpy(force=True) if isinstance(values, Tensor) else np.asarray(values)


def _tried_boxes(
    uniforms: np.ndarray,
    sizes: np.ndarray,
    scale: tuple[float, float],
    aspect: tuple[float, float],
) -> tuple[np.ndarray, np.ndarray]:
    limits = sizes[:, None, :]
    area = limits.prod(-1) * (scale[0] + (scale[1] - scale[0]) * uniforms[..., 0])
    low, high = np.log(aspect)
    ratio = np.exp(low + (high - low) * uniforms[..., 1])
    extents = np.rint(np.sqrt(np.stack([area / ratio, area * ratio], -1))).astype(np.int64)
    fits = np.all((extents > 0) & (extents <= limits), axis=-1)
    starts = np.floor(uniforms[..., 2:] * (limits - extents + 1)).astype(np.int64)
    return np.concatenate([starts, extents], -1), fits


def _central_boxes(sizes: np.ndarray, aspect: tuple[float, float]) -> np.ndarray:
    height, width = sizes.T
    extents = np.stack(
        [
            np.where(width < height * aspect[0], np.rint(width / aspect[0]), height),
            np.where(width > height * aspect[1], np.rint(height * aspect[1]), width),
        ],
        -1,
    ).astype(np.int64)
    return np.concatenate([(sizes - extents) // 2, extents], -1)


def random_boxes(
    uniforms: np.ndarray,
    sizes: np.ndarray,
    scale: tuple[float, float],
    aspect: tuple[float, float],
) -> np.ndarray:
    """Random boxes by the rule of torchvision's `RandomResizedCrop`.

    Args:
        uniforms: (B, TRIES, 4) in [0, 1): area, aspect, top and left of each attempt.
        sizes: (B, 2) integers, height and width of each video's frames.
        scale: lowest and highest share of the area.
        aspect: lowest and highest width / height, drawn on a logarithmic scale.

    Returns:
        (B, 4) int64: top, left, height, width, of the first attempt that fits inside the frame,
        else the largest central box within the aspect limits.
    """
    boxes, fits = _tried_boxes(uniforms, sizes, scale, aspect)
    chosen = boxes[np.arange(len(boxes)), fits.argmax(1)]
    return np.where(fits.any(1, keepdims=True), chosen, _central_boxes(sizes, aspect))


def frame_boxes(sizes: Integers) -> Tensor:
    """Boxes of whole frames: (B, 2) heights and widths to (B, 4) top, left, height, width."""
    extents = torch.from_numpy(as_array(sizes).astype(np.int64))
    return torch.cat([torch.zeros_like(extents), extents], 1)


def centre_boxes(sizes: Integers, size: int, resize: Literal["short-side", "native"]) -> Tensor:
    """Boxes for testing: resize, then a centre crop, as one box in native pixels.

    Args:
        sizes: (B, 2) integers, height and width of each video's frames.
        size: side of the crop, in pixels after resizing.
        resize: `short-side` first brings the shorter side to 8/7 of `size` (128 for 112, 256
            for 224; facts A12). `native` crops the frames as they are, as the release does
            (facts A6); only frames too small for the crop are enlarged, to just hold it.

    Returns:
        (B, 4) float64: top, left, height, width, possibly fractional. Give `crop_resize_flip` the
        `frame_boxes` as `readable` to equal a resize of the whole frame exactly.
    """
    native = as_array(sizes)
    short = native.min(1, keepdims=True)
    target = round(size * 8 / 7) if resize == "short-side" else np.maximum(short, size)
    resized = np.floor(target * native / short)  # rounded down, as in torchvision
    starts = np.rint((resized - size) / 2)
    pixels = native / resized
    return torch.from_numpy(np.concatenate([starts * pixels, size * pixels], 1))


def _taps(
    start: Tensor, length: Tensor, first: Tensor, last: Tensor, size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The two input pixels around each output pixel, and the weight of the second."""
    centres = (torch.arange(size, dtype=torch.float64, device=start.device) + 0.5) / size
    position = start[:, None] + centres * length[:, None] - 0.5
    position = position.clamp(first[:, None], last[:, None])
    before = position.floor()
    after = torch.minimum(before + 1, last[:, None])
    return before.long(), after.long(), (position - before).float()


def crop_resize_flip(
    clips: Tensor, boxes: Tensor, flip: Tensor, size: int, readable: Tensor | None = None
) -> Tensor:
    """Crop a box from each clip, resize it bilinearly without antialiasing, flip it.

    Equals torchvision's `resized_crop(antialias=False)` on each clip in [0, 1]. Only four input
    pixels are read per output pixel; pixels outside the view cost nothing.

    Args:
        clips: (B, C, T, H, W) uint8, padded at the bottom and right to a common size.
        boxes: (B, 4) top, left, height, width in native pixels, inside the unpadded frames.
        flip: (B,) bool, mirror left and right.
        size: side of the result.
        readable: (B, 4) boxes whose pixels may be interpolated; `boxes` itself if None. Outside
            them the border pixel is repeated, so that padding never shows.

    Returns:
        (B, C, T, size, size) float32 in [0, 1].
    """
    batch, channels, frames, height, width = clips.shape
    top, left, tall, wide = boxes.double().unbind(1)
    low, high = _limits(boxes if readable is None else readable)
    above, below, down = _taps(top, tall, low[:, 0], high[:, 0], size)
    before, after, right = _taps(left, wide, low[:, 1], high[:, 1], size)
    before, after, right = (
        torch.where(flip[:, None], taps.flip(1), taps) for taps in (before, after, right)
    )
    across = sent(right[:, None, None, :], clips.device)
    pixels = clips.reshape(batch, channels * frames, height * width)

    def row(rows: Tensor) -> Tensor:
        return torch.lerp(
            _read(pixels, rows, before, width), _read(pixels, rows, after, width), across
        )

    values = torch.lerp(row(above), row(below), sent(down[:, None, :, None], clips.device))
    return values.div_(255).view(batch, channels, frames, size, size)


def _limits(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """First and last (row, column) of the pixels that boxes touch, each (B, 2) float64."""
    start, extent = boxes.double().split(2, dim=1)
    return start.floor(), (start + extent).ceil() - 1


def _read(pixels: Tensor, rows: Tensor, columns: Tensor, width: int) -> Tensor:
    """Pixels at all pairs of (B, S) rows and (B, S) columns, as (B, N, S, S) floats."""
    places = sent(rows[:, :, None] * width + columns[:, None, :], pixels.device)
    picked = pixels.gather(2, places.flatten(1)[:, None].expand(-1, pixels.shape[1], -1))
    return picked.view(*pixels.shape[:2], *places.shape[1:]).float()
