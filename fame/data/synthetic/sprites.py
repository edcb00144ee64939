"""Sprites: lobed, two-coloured figures whose look is independent of the class."""

from colorsys import hsv_to_rgb
from dataclasses import dataclass

import numpy as np

LOBE_DISTANCE = 0.42
"""Distance of a lobe's centre from the sprite's centre, as a share of the sprite's radius."""

LOBES = {"a": 2, "b": 3}
"""Lobes by sprite family; family "a" is striped and family "b" is chequered."""

HUES = {"a": 0.08, "b": 0.55}
"""Hue of the first colour, in turns, if `variety` is 0."""


@dataclass(frozen=True)
class Sprite:
    """The look of one sprite.

    Attributes:
        family: "a" or "b".
        radius: half its longest extent, in pixels.
        tilt: rotation at rest, in radians.
        stripes: cycles of its pattern across its radius.
        shift: phase of its pattern, in radians.
        colours: (2, 3) float32 RGB in [0, 1].
    """

    family: str
    radius: float
    tilt: float
    stripes: float
    shift: float
    colours: np.ndarray


@dataclass(frozen=True)
class Pose:
    """A sprite's pose in each of T frames; arrays are (T,).

    `x` and `y` are its centre in pixels from the frame's left and top edge, `scale` its relative
    size, `angle` its rotation in radians; `visible` is 1 or 0.
    """

    x: np.ndarray
    y: np.ndarray
    scale: np.ndarray
    angle: np.ndarray
    visible: np.ndarray


def draw_sprite(
    rng: np.random.Generator, family: str, radius: tuple[float, float], variety: float
) -> Sprite:
    """A random sprite of a family ("a" or "b"), with a radius in pixels from a range.

    `variety` in [0, 1] says how much the colours of a family's sprites vary; at 0 they all have
    the same two colours.
    """
    return Sprite(
        family=family,
        radius=rng.uniform(*radius),
        tilt=rng.uniform(0, 2 * np.pi),
        stripes=rng.uniform(0.8, 1.2),
        shift=rng.uniform(0, 2 * np.pi),
        colours=_colours(rng, family, variety),
    )


def _colours(rng: np.random.Generator, family: str, variety: float) -> np.ndarray:
    first, second = variety * (rng.random(2) - 0.5)
    hue = HUES[family] + first
    other = hue + 0.5 + 0.4 * second
    if family == "a":
        pair = [hsv_to_rgb(hue % 1, 0.9, 1.0), hsv_to_rgb(other % 1, 0.9, 0.75)]
    else:
        pair = [hsv_to_rgb(hue % 1, 0.15, 1.0), hsv_to_rgb(other % 1, 1.0, 0.5)]
    return np.array(pair, dtype=np.float32)


def paint(sprite: Sprite, pose: Pose, pictures: np.ndarray) -> np.ndarray:
    """Draw the sprite, in place, onto the pictures.

    Args:
        sprite: its look.
        pose: its pose in T frames.
        pictures: (T, S, S, 3) float32 RGB in [0, 1].

    Returns:
        Its silhouette (T, S, S) bool: the pixels that it covers by more than half.
    """
    scale = (sprite.radius * pose.scale).astype(np.float32)[:, None, None]
    u, v = _own_coordinates(pose, sprite.tilt, scale, pictures.shape[1])
    opacity = np.clip(0.5 - scale * _outside(u, v, LOBES[sprite.family]), 0, 1)
    opacity *= pose.visible.astype(np.float32)[:, None, None]
    touched = opacity > 0
    colours = _pattern(sprite, u[touched], v[touched])
    pictures[touched] += opacity[touched][:, None] * (colours - pictures[touched])
    return np.asarray(opacity > 0.5)


def _own_coordinates(
    pose: Pose, tilt: float, scale: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pixel centres in the sprite's rotated frame, in sprite radii: two (T, S, S) float32."""
    centres = np.arange(size, dtype=np.float32) + 0.5
    right = (centres[None, None, :] - pose.x.astype(np.float32)[:, None, None]) / scale
    down = (centres[None, :, None] - pose.y.astype(np.float32)[:, None, None]) / scale
    angle = (pose.angle + tilt).astype(np.float32)[:, None, None]
    cos, sin = np.cos(angle), np.sin(angle)
    return cos * right + sin * down, cos * down - sin * right


def _outside(u: np.ndarray, v: np.ndarray, lobes: int) -> np.ndarray:
    """Signed distance in sprite radii to the union of the lobes, negative inside: (T, S, S)."""
    squares = []
    for turn in 2 * np.pi * np.arange(lobes) / lobes:
        across = u - np.float32(LOBE_DISTANCE * np.cos(turn))
        along = v - np.float32(LOBE_DISTANCE * np.sin(turn))
        squares.append(across * across + along * along)
    return np.asarray(np.sqrt(np.minimum.reduce(squares)) - np.float32(1 - LOBE_DISTANCE))


def _pattern(sprite: Sprite, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Colours (N, 3) float32 at N places of the sprite: stripes for "a", chequers for "b"."""
    pitch, shift = np.float32(2 * np.pi * sprite.stripes), np.float32(sprite.shift)
    wave = np.sin(pitch * u + shift)
    if sprite.family == "b":
        wave *= np.sin(pitch * v + shift)
    first, second = sprite.colours
    return np.asarray(second + np.clip(0.5 + 2 * wave, 0, 1)[:, None] * (first - second))
