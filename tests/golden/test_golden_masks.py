"""Masks against arrays made with the authors' own code."""

from pathlib import Path

import numpy as np
import pytest
import torch

from fame.augment import masks
from fame.augment.masks.common import seed_map

SYNTHETIC = Path(__file__).with_name("fame_masks_synthetic_64.npz")


class Golden:
    """One file of golden arrays; `bound` is the least IoU of a FAME mask."""

    def __init__(self, file, bound):
        self.arrays, self.bound = np.load(file), bound
        self.clips = torch.from_numpy(self.arrays["clips"]).float() / 255

    def packed(self, key):
        count, side = len(self.clips), self.clips.shape[-1]
        bits = np.unpackbits(self.arrays[key], axis=1)[:, : side * side]
        return bits.reshape(count, side, side).astype(bool)


@pytest.fixture(scope="module", params=[64, 112, 224])
def golden(request):
    if request.param == 64:
        return Golden(SYNTHETIC, 0.998)
    shared = request.getfixturevalue("shared")
    return Golden(shared / "golden" / f"fame_masks_{request.param}.npz", 0.999)


def overlap(one, other):
    return (one & other).sum((1, 2)) / (one | other).sum((1, 2))


def test_seed_map(golden):
    np.testing.assert_allclose(seed_map(golden.clips), golden.arrays["seed_map"], atol=1e-5)


@pytest.mark.parametrize("beta", [0.3, 0.5, 0.7])
def test_official_fame(golden, beta):
    found = masks.get("fame")(golden.clips, beta, hue="official").numpy().astype(bool)
    assert overlap(found, golden.packed(f"mask_{beta}")).min() >= golden.bound


def test_correct_hue_is_not_the_official_one(golden):
    found = masks.get("fame")(golden.clips, 0.5, hue="correct").numpy().astype(bool)
    assert overlap(found, golden.packed("mask_0.5")).max() < 0.99


def test_grid(golden):
    found = masks.get("grid")(golden.clips, 0.5)
    np.testing.assert_array_equal(found, golden.packed("grid_mask"))


def test_gauss(golden):
    for found in masks.get("gauss")(golden.clips, 0.5):
        np.testing.assert_allclose(found, golden.arrays["gauss_mask"], atol=1e-6)
