"""The paper's settings of views, draws by them, and random clips."""

import numpy as np
import torch

from fame.augment.view_draws import draw
from fame.config.views import ViewSettings

PAPER = {
    "crop_scale": (0.2, 1.0),
    "crop_aspect": (3 / 4, 4 / 3),
    "flip": 0.5,
    "gray": 0.2,
    "jitter": 0.8,
    "jitter_kind": "torchvision",
    "brightness": 0.4,
    "contrast": 0.4,
    "saturation": 0.4,
    "hue": 0.1,
    "blur": 0.5,
    "blur_sigma": (0.1, 2.0),
    "blur_draw": "sample",
    "mean": (0.43216, 0.394666, 0.37645),
    "std": (0.22803, 0.22145, 0.216989),
}


def paper(**changes):
    return ViewSettings(**(PAPER | changes))


def draws_of(count, **changes):
    sizes = np.full((count, 2), (40, 60))
    return draw(paper(**changes), 0, "view0", np.zeros(count), np.arange(count), sizes)


def random_bytes(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


def frames_first(clip):
    """(C, T, H, W) to the (T, C, H, W) that torchvision expects."""
    return clip.transpose(0, 1)
