"""A contact sheet: a video and those most like it, some frames of each. No torch."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fame.data.video import read_frames
from fame.report.style import save, style

SHOWN = 3
"""Frames of a video."""

_WIDTH = 4.8
"""Of a sheet, in inches."""

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
    frames: npt.NDArray[np.uint8]


def strip(title: str, video: Path, frames: int) -> Strip:
    """Frames in the middle of each third of a video that has `frames` of them.

    Raises:
        DecodeError: the video cannot be read, or is shorter.
    """
    numbers = [frames * (2 * third + 1) // (2 * SHOWN) for third in range(SHOWN)]
    pixels = read_frames(video, numbers)
    step = max(1, max(pixels.shape[1:3]) // _SIDE)
    return Strip(title, pixels[:, ::step, ::step])


def draw(strips: Sequence[Strip]) -> Figure:
    """One row for each video, as high as its frames need; call it under `style()`."""
    heights = [_height(strip.frames) for strip in strips]
    figure = plt.figure(figsize=(_WIDTH, sum(heights)))
    axes = figure.subplots(len(strips), SHOWN, squeeze=False, height_ratios=heights)
    for row, strip in zip(axes, strips, strict=True):
        row[0].set_title(strip.title, loc="left", fontsize=7, parse_math=False)
        for ax, picture in zip(row, strip.frames, strict=True):
            _picture(ax, picture)
    return figure


def _height(frames: npt.NDArray[np.uint8]) -> float:
    """Of a row, in inches: landscape frames fill its width, portrait ones are square at most."""
    height, width = frames.shape[1:3]
    return min(height / width, 1) * _WIDTH / SHOWN + 0.2


def _picture(ax: Axes, picture: npt.NDArray[np.uint8]) -> None:
    ax.imshow(picture)
    ax.set_axis_off()


def write(strips: Sequence[Strip], path: Path) -> list[Path]:
    """Write the sheet as `.png` and `.pdf`; returns the two files."""
    with style(), warnings.catch_warnings():
        # A letter that the font lacks is drawn as a box; the name is printed beside anyway.
        warnings.filterwarnings("ignore", message="Glyph")
        return save(draw(strips), path)
