"""A contact sheet: a video and its nearest neighbours, some frames of each. No torch."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from fame.core.files import shown
from fame.data.video.decode import read_frames
from fame.report.style import save, style

Pictures = npt.NDArray[np.uint8]

FRAMES = 3
"""Frames of a video."""

_WIDTH = 4.8
"""Of a sheet, in inches."""

_LETTERS = 80
"""Of a title."""

_SIDE = 320
"""A drawn frame's longer side, in pixels, is less than twice this."""


@dataclass(frozen=True)
class Strip:
    """One video's row.

    Attributes:
        title: what is written above it.
        frames: (n, H, W, 3) uint8 RGB.
    """

    title: str
    frames: Pictures


def strip(title: str, video: Path, frames: int) -> Strip:
    """Frames in the middle of each third of a video that has `frames` of them.

    Raises:
        DecodeError: the video cannot be read, or is shorter.
    """
    numbers = [frames * (2 * third + 1) // (2 * FRAMES) for third in range(FRAMES)]
    pixels = read_frames(video, numbers)
    step = max(1, max(pixels.shape[1:3]) // _SIDE)
    return Strip(title, pixels[:, ::step, ::step])


def draw(strips: Sequence[Strip]) -> Figure:
    """One row for each video, as high as its frames need; call it under `style()`."""
    rows = [side_by_side(strip.frames) for strip in strips]
    heights = [_WIDTH * row.shape[0] / row.shape[1] + 0.2 for row in rows]
    figure = plt.figure(figsize=(_WIDTH, sum(heights)))
    axes = figure.subplots(len(strips), squeeze=False, height_ratios=heights)
    for ax, row, strip in zip(axes[:, 0], rows, strips, strict=True):
        ax.imshow(row)
        ax.set_title(_fitting(shown(strip.title)), loc="left", fontsize=7, parse_math=False)
        ax.set_axis_off()
        ax.set_anchor("NW")
    return figure


def side_by_side(frames: Pictures) -> Pictures:
    """Frames in one picture, white between them; portrait ones have white on both sides.

    Args:
        frames: (n, H, W, 3) uint8.

    Returns:
        (H, n * max(H, W) + gaps, 3) uint8.
    """
    height, width = frames.shape[1:3]
    free, gap = max(height - width, 0), round(0.04 * width)
    sides = (gap + free // 2, free - free // 2)
    padded = np.pad(frames, ((0, 0), (0, 0), sides, (0, 0)), constant_values=255)
    row: Pictures = np.concatenate(list(padded), axis=1)[:, gap:]
    return row


def _fitting(title: str) -> str:
    """A title, shortened in the middle if it is wider than the sheet."""
    if len(title) <= _LETTERS:
        return title
    return f"{title[: _LETTERS // 2]} … {title[-_LETTERS // 2 :]}"


def write(strips: Sequence[Strip], path: Path) -> list[Path]:
    """Write the sheet as `.png` and `.pdf`; returns the two files."""
    with style(), warnings.catch_warnings():
        # A letter that the font lacks is drawn as a box; the name is also printed.
        warnings.filterwarnings("ignore", message="Glyph")
        return save(draw(strips), path)
