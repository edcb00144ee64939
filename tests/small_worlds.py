"""Small generated worlds, for tests of what they show and of the files they are."""

import numpy as np

from fame.data.synthetic import WorldConfig

WORLD = {
    "layout": "ucf101",
    "scenes": "a",
    "sprites": "a",
    "train": 16,
    "val": 0,
    "test": 8,
    "unused": 0,
    "frames": 8,
    "size": 40,
    "scene_types": 16,
    "scene_bias": 0.25,
    "period": (20, 28),
    "amplitude": (7, 9),
    "radius": (5.5, 7.5),
    "sprite_variety": 1.0,
    "home": 1.0,
    "still_trunk": 0,
    "limb": 0,
    "pan": 0,
    "waves": 0,
    "wave_reach": 0,
    "passers": 0,
    "camera_jitter": 0.3,
    "flicker": 0.02,
    "noise": 0.012,
    "dots": 1,
    "sound": False,
    "seed": 0,
}
LAYOUTS = {
    "kinetics400": {"val": 8, "test": 0},
    "ucf101": {},
    "hmdb51": {"unused": 8, "scenes": "b", "sprites": "b"},
    "diving48": {"sprites": "b", "scene_bias": 0.0},
}
JOINERS = {"kinetics400": " ", "ucf101": "", "hmdb51": "_", "diving48": "_"}
STEADY = {"camera_jitter": 0, "flicker": 0, "noise": 0, "dots": 0}

BUSY = {
    "still_trunk": 0.5,
    "limb": 0.6,
    "pan": 0.2,
    "waves": 0.5,
    "wave_reach": 1.5,
    "passers": 0.5,
}
"""All that may move beside the class's motion, in about half of the videos."""


def config(**changes):
    return WorldConfig(**{**WORLD, **changes})


def grown(masks):
    """Masks (T, H, W) and every pixel that touches them."""
    padded = np.pad(masks, ((0, 0), (1, 1), (1, 1)))
    height, width = masks.shape[1:]
    shifts = [(i, j) for i in range(3) for j in range(3)]
    return np.any([padded[:, i : i + height, j : j + width] for i, j in shifts], axis=0)
