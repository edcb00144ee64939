"""The random choices of a view, drawn on the CPU and keyed by (seed, purpose, epoch, sample)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fame.augment.crop import TRIES, Integers, as_array, random_boxes
from fame.config.views import ViewSettings
from fame.core.randomness import generator

NEUTRAL = (1.0, 1.0, 1.0, 0.0)
"""Factors of brightness, contrast, saturation and hue that change nothing."""

_CROP, _SWITCHES, _FACTORS, _ORDER, _SIGMA = 4 * TRIES, 4, 4, 4, 1
_PARTS = (_CROP, _SWITCHES, _FACTORS, _ORDER, _SIGMA)


@dataclass(frozen=True)
class ViewDraws:
    """The random choices for each of B clips; all tensors are on the CPU.

    Attributes:
        boxes: (B, 4) int64, top, left, height, width in native pixels.
        flip: (B,) bool.
        gray: (B,) bool.
        jitter: (B,) bool.
        factors: (B, 4) float32, of brightness, contrast, saturation and hue.
        order: (B, 4) int64, the order of these four operations.
        blur: (B,) bool.
        sigma: (B,) float32, of the blur, in pixels.
    """

    boxes: Tensor
    flip: Tensor
    gray: Tensor
    jitter: Tensor
    factors: Tensor
    order: Tensor
    blur: Tensor
    sigma: Tensor


def _uniforms(seed: int, purpose: str, epochs: np.ndarray, indices: np.ndarray) -> list[np.ndarray]:
    """One stream of numbers in [0, 1) per sample, split into the parts of a draw."""
    streams = [
        generator(seed, purpose, epoch, index).random(sum(_PARTS))
        for epoch, index in zip(epochs.tolist(), indices.tolist(), strict=True)
    ]
    return np.split(np.stack(streams), np.cumsum(_PARTS)[:-1], axis=1)


def _between(low: npt.ArrayLike, high: npt.ArrayLike, uniforms: np.ndarray) -> np.ndarray:
    return np.asarray(low) + (np.asarray(high) - np.asarray(low)) * uniforms


def _factors(settings: ViewSettings, uniforms: np.ndarray) -> np.ndarray:
    strengths = np.array(
        [settings.brightness, settings.contrast, settings.saturation, settings.hue]
    )
    lowest = np.array(NEUTRAL) - strengths
    lowest[:3] = lowest[:3].clip(min=0)  # a negative factor would invert the picture
    return _between(lowest, np.array(NEUTRAL) + strengths, uniforms)


def _sigmas(settings: ViewSettings, seed: int, uniforms: np.ndarray) -> np.ndarray:
    if settings.blur_draw == "process":
        uniforms = np.full_like(uniforms, generator(seed, "blur sigma").random())
    return _between(*settings.blur_sigma, uniforms)


def draw(
    settings: ViewSettings,
    seed: int,
    purpose: str,
    epochs: Integers,
    indices: Integers,
    sizes: Integers,
) -> ViewDraws:
    """The choices for one view of each sample; they do not depend on the batch.

    Args:
        settings: ranges and probabilities.
        seed: the run's seed.
        purpose: name of the view, for example `view0`; different purposes are independent.
        epochs: (B,) integers.
        indices: (B,) integers, the samples' numbers in the data set.
        sizes: (B, 2) integers, height and width of the unpadded frames.

    Returns:
        CPU tensors, see `ViewDraws`.
    """
    crop, switches, factors, order, sigma = _uniforms(
        seed, purpose, as_array(epochs), as_array(indices)
    )
    boxes = random_boxes(
        crop.reshape(-1, TRIES, 4), as_array(sizes), settings.crop_scale, settings.crop_aspect
    )
    chances = np.array([settings.flip, settings.gray, settings.jitter, settings.blur])
    flip, gray, jitter, blur = torch.from_numpy(switches < chances).unbind(1)
    return ViewDraws(
        boxes=torch.from_numpy(boxes),
        flip=flip,
        gray=gray,
        jitter=jitter,
        factors=torch.from_numpy(_factors(settings, factors)).float(),
        order=torch.from_numpy(order.argsort(1)),
        blur=blur,
        sigma=torch.from_numpy(_sigmas(settings, seed, sigma[:, 0])).float(),
    )
