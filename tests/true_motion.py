"""Generated videos whose bodies move as a whole, with the true motion of every pixel."""

from dataclasses import dataclass

import numpy as np
from small_worlds import STEADY, config

from fame.config.worlds import MOTIONS
from fame.data.synthetic import render, truth
from fame.data.synthetic.draws import draws
from fame.data.synthetic.motions import trajectory
from fame.data.synthetic.world import beat_of

WORLD = config(**STEADY, frames=8, radius=(8, 9), amplitude=(6, 8), sprites="b")
KINDS = ("sway", "bounce", "circle")
"""Motions that move the body's place."""


@dataclass(frozen=True)
class Moving:
    """A video of a body that moves.

    Attributes:
        frames: (T, S, S, 3) uint8.
        inside: (T - 1, S, S) bool, the body in the first frame of each pair.
        steps: (T - 1, 2) pixels right and down from frame to frame.
        fields: (T - 1, 2, S, S) float64, the true flow; the scene stands still.
    """

    frames: np.ndarray
    inside: np.ndarray
    steps: np.ndarray
    fields: np.ndarray


def moving(count):
    """The first videos of the world with such a motion."""
    chosen = (number for number in range(1000) if _kind(number) in KINDS)
    return [_video(number) for number, _ in zip(chosen, range(count), strict=False)]


def _kind(number):
    return MOTIONS[truth(WORLD, 0, "train", number).motion][1]


def _video(number):
    video, draw = render(WORLD, 0, "train", number), draws(WORLD, 0, "train", number)
    motion = truth(WORLD, 0, "train", number).motion
    path = trajectory(motion, WORLD.frames, beat_of(WORLD, draw))
    steps = np.diff(np.stack([path.x, path.y], axis=1), axis=0)
    inside = video.masks[:-1]
    return Moving(video.frames, inside, steps, inside[:, None] * steps[:, :, None, None])
