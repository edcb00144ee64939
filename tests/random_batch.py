"""A batch of random clips and its views, for tests of what is done to clips in training."""

import torch

from fame.augment.crop import crop_resize_flip
from fame.augment.view_draws import draw
from fame.augment.views import Views
from fame.config.pretraining import Merge
from fame.config.views import ViewSettings
from fame.core.distributed import World
from fame.data.clips.batch import Batch

SIZE, GROUP, CLIPS = 16, 2, 8
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)
COLOURFUL = ViewSettings(
    crop_scale=(0.5, 1),
    crop_aspect=(0.75, 1.25),
    flip=0.5,
    gray=0.2,
    jitter=0.8,
    jitter_kind="torchvision",
    brightness=0.4,
    contrast=0.4,
    saturation=0.4,
    hue=0.1,
    blur=0.5,
    blur_sigma=(0.1, 2),
    blur_draw="sample",
    mean=MEAN,
    std=STD,
)
PLAIN = COLOURFUL.model_copy(update={"gray": 0, "jitter": 0, "blur": 0})


def mixing(**changes):
    values = {"mask": "seed", "beta": 0.5, "background": "inter", "merged_views": "both"}
    values |= {"donors": "derangement", "hue": "correct", "pseudocount": 1} | changes
    return Merge(**values)


def world(rank=0, size=1):
    return World(rank, size, torch.device("cpu"))


def batch(slots=2, rows=slice(None)):
    generator = torch.Generator().manual_seed(0)
    shape = (CLIPS, slots, 3, 3, 24, 20)
    clips = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    ids = torch.arange(CLIPS) * 7
    epochs, frames = torch.full((CLIPS,), 3), torch.arange(3).expand(CLIPS, slots, 3)
    sizes, drawn = torch.tensor([[24, 20]] * CLIPS), torch.empty(CLIPS, 0, dtype=torch.int64)
    whole = (clips, sizes, ids, ids, epochs, frames, drawn)
    return Batch(*(part[rows] for part in whole))


def pairs(mix, look=COLOURFUL, at=None, group=GROUP, **named):
    return Views(look, SIZE, mix, group, 5, at or world(), **named)


def cut(slot, dtype=torch.float32):
    """One slot's cropped clips and draws, by the steps that Views should take."""
    whole = batch()
    chosen = draw(COLOURFUL, 5, f"view{slot}", whole.epochs, whole.indices, whole.sizes)
    return crop_resize_flip(whole.clips[:, slot], chosen.boxes, chosen.flip, SIZE).to(dtype), chosen
