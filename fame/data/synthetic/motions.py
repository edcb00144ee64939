"""The eight classes of a mini world: how the sprite moves, whatever it looks like.

Every class is closed under horizontal flips, since views are flipped at random: a flip changes the
phase of an oscillation and the direction of a circle or a spin, and both directions belong to the
class. Slow and fast classes differ only in frequency, so no single frame distinguishes them.
"""

from dataclasses import dataclass

import numpy as np

from fame.config.worlds import MOTIONS, PULSE


@dataclass(frozen=True)
class Beat:
    """What varies between videos of one class.

    Attributes:
        period: frames of one slow cycle.
        amplitude: reach of an oscillation or radius of a circle, in pixels.
        phase: where the cycle starts, in radians.
        direction: 1 or -1, of a circle or a spin.
    """

    period: float
    amplitude: float
    phase: float
    direction: int


@dataclass(frozen=True)
class Trajectory:
    """The sprite's pose in each of T frames, relative to its home; arrays are (T,) float64.

    Attributes:
        x: displacement to the right of the sprite's home, in pixels.
        y: displacement downwards, in pixels.
        scale: size relative to the sprite's own, 1 at rest.
        angle: rotation in radians.
        visible: 1 where the sprite is shown, 0 where it blinks off.
    """

    x: np.ndarray
    y: np.ndarray
    scale: np.ndarray
    angle: np.ndarray
    visible: np.ndarray


def cycles(motion: int) -> int:
    """Cycles of the motion in one slow period: 2 for fast classes, else 1."""
    return 2 if MOTIONS[motion][0] == "fast" else 1


def trajectory(motion: int, frames: int, beat: Beat) -> Trajectory:
    """The path of one sprite.

    Args:
        motion: position in MOTIONS.
        frames: T.
        beat: the video's timing and extent.
    """
    turn = beat.phase + 2 * np.pi * cycles(motion) * np.arange(frames) / beat.period
    amplitude, direction = beat.amplitude, beat.direction
    x: np.ndarray = np.zeros(frames)
    scale: np.ndarray = np.ones(frames)
    y, angle, visible = x, x, scale
    kind = MOTIONS[motion][1]
    if kind == "sway":
        x = amplitude * np.sin(turn)
    elif kind == "bounce":
        y = amplitude * np.sin(turn)
    elif kind == "circle":
        x, y = amplitude * np.cos(turn), direction * amplitude * np.sin(turn)
    elif kind == "pulse":
        scale = 1 + PULSE * np.sin(turn)
    elif kind == "spin":
        angle = direction * turn
    elif kind == "blink":
        visible = np.where(np.sin(turn) > 0, 1.0, 0.0)
    else:
        raise ValueError(f"no path is written for the motion {kind!r}")
    return Trajectory(x, y, scale, angle, visible)


def reach(path: Trajectory) -> tuple[float, float]:
    """The largest horizontal and vertical displacement, in pixels."""
    return float(np.abs(path.x).max()), float(np.abs(path.y).max())
