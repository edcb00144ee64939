"""Motion of the background itself: part of the scene waves, and others pass by.

None of it is foreground, and none of it depends on the class. Every draw is as likely as its
mirror image, since views are flipped at random.
"""

import numpy as np

WAVE_PERIOD = (8, 24)
"""Frames of one cycle of the waving; the classes' own periods lie within."""

WAVE_LENGTH = (0.2, 0.5)
"""Distance between two crests, as a share of the scene."""

PASSER_SPEED = (0.5, 1.5)
"""Speed of a passer-by in pixels per frame."""

PASSER_HALF = ((0.06, 0.1), (0.12, 0.2))
"""Half the width and half the height of a passer-by, as shares of the frame."""


def waving(rng: np.random.Generator, canvas: np.ndarray, frames: int, reach: float) -> np.ndarray:
    """A scene part of which waves to and fro, like leaves or water.

    A wave runs through an ellipse that fades out at its edge and displaces the picture along one
    axis, drawn at random, by `reach` times a sine.

    Args:
        rng: the video's generator for this purpose.
        canvas: (C, C, 3) float32, the still scene.
        frames: T.
        reach: largest displacement, in pixels.

    Returns:
        (T, C, C, 3) float32; at each end of the axis the outermost pixels are repeated.
    """
    upright = rng.random() < 0.5
    still = canvas.swapaxes(0, 1) if upright else canvas
    moved = slid(still, reach * wave(rng, frames, len(canvas)))
    return moved.swapaxes(1, 2) if upright else moved


def wave(rng: np.random.Generator, frames: int, size: int) -> np.ndarray:
    """Displacements (T, C, C) float32 in [-1, 1]."""
    centre, half = rng.uniform(0.2, 0.8, 2), rng.uniform(0.25, 0.5, 2)
    heading, phase = rng.uniform(0, 2 * np.pi, 2)
    period, length = rng.uniform(*WAVE_PERIOD), rng.uniform(*WAVE_LENGTH)
    down, right = np.meshgrid(*[(np.arange(size) + 0.5) / size] * 2, indexing="ij")
    away = np.hypot((down - centre[0]) / half[0], (right - centre[1]) / half[1])
    along = (np.sin(heading) * down + np.cos(heading) * right) / length
    strength, place = np.clip(2 * (1 - away), 0, 1), 2 * np.pi * along + phase
    turn = 2 * np.pi * np.arange(frames) / period
    # The sine of a sum, so that no sine is taken of every pixel in every frame.
    waves = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    shapes = np.stack([strength * np.sin(place), strength * np.cos(place)]).astype(np.float32)
    return np.asarray(np.tensordot(waves, shapes, axes=1))


def slid(canvas: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """The canvas (C, C, 3) with its pixels displaced right by shift (T, C, C), interpolated."""
    last = len(canvas) - 1
    place = np.clip(np.arange(last + 1, dtype=np.float32) - shift, 0, last)
    left = np.minimum(place.astype(np.int32), last - 1)
    part = (place - left.astype(np.float32))[..., None]
    slope = np.diff(canvas, axis=1, append=canvas[:, -1:]).reshape(-1, 3)
    left += np.arange(last + 1, dtype=np.int32)[:, None] * (last + 1)
    moved = slope.take(left, axis=0)
    moved *= part
    moved += canvas.reshape(-1, 3).take(left, axis=0)
    return moved


def add_passer(
    rng: np.random.Generator, pictures: np.ndarray, shift: np.ndarray, palette: np.ndarray
) -> None:
    """Paint someone who crosses the scene sideways, in place.

    An upright ellipse in a lighter or darker colour of the scene; it leaves the frame on one
    side and enters on the other.

    Args:
        rng: the video's generator for this purpose.
        pictures: (T, S, S, 3) float32 in [0, 1].
        shift: (T, 2) displacement of the picture by the camera right and down, in pixels.
        palette: (colours, 3) float32 in [0, 1], the scene's.
    """
    frames, size = pictures.shape[:2]
    wide, high = (size * rng.uniform(*half) for half in PASSER_HALF)
    speed, start = rng.uniform(*PASSER_SPEED) * rng.choice((-1, 1)), rng.random()
    colour = palette[rng.integers(len(palette))] * rng.uniform(0.6, 1.4)
    lap = size + 2 * wide
    x = (start * lap + speed * np.arange(frames)) % lap - wide + shift[:, 0]
    y = size * rng.uniform(0.2, 0.8) + shift[:, 1]
    centres = np.arange(size) + 0.5
    right = (centres - x[:, None])[:, None, :] / wide
    down = (centres - y[:, None])[:, :, None] / high
    opacity = np.clip(0.5 + wide * (1 - np.hypot(right, down)), 0, 1)[..., None]
    pictures += opacity.astype(np.float32) * (np.clip(colour, 0, 1).astype(np.float32) - pictures)
