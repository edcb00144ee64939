"""Mask variants against a slow transcription of the paper's steps, and their properties."""

import colorsys
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.augment import masks
from fame.augment.gaussian import blur, kernel_size
from fame.augment.masks import common, fame
from fame.core.errors import FameError

NAMES = ["fame", "gauss", "grid", "seed"]
BINARY = ["fame", "grid", "seed"]
MOTION = ["fame", "seed"]


def random_clips(count=2, frames=4, height=20, width=20, seed=0, dtype=torch.float64):
    """Pixels that mostly stay, of a few random colours that lie on no edge between bins."""
    rng = np.random.default_rng(seed)
    colours = rng.random((8, 3))
    still = rng.integers(0, 8, (count, 1, height, width))
    moving = rng.integers(0, 8, (count, frames, height, width))
    chosen = np.where(rng.random(moving.shape) < 0.2, moving, still)
    return torch.from_numpy(colours[chosen]).movedim(-1, 1).to(dtype)


# A slow oracle, one pixel at a time.


def slow_smooth(image):
    size = kernel_size(min(image.shape))
    return blur(torch.from_numpy(image)[None], size, size / 3)[0].numpy()


def slow_stretch(image):
    return (image - image.min()) / (image.max() - image.min() + 1e-8)


def slow_seed_map(clip):
    channels, frames, height, width = clip.shape
    motion = np.zeros((height, width))
    for c in range(channels):
        for t in range(frames - 1):
            motion += abs(clip[c, t + 1] - clip[c, t])
    return slow_stretch(slow_smooth(motion / (frames - 1)))


def slow_ranking(image):
    """Pixels from the highest to the lowest, the first in reading order among equals."""
    flat = image.ravel()
    return sorted(range(flat.size), key=lambda place: (-flat[place], place))


def slow_share(image, beta):
    mask = np.zeros(image.size)
    mask[slow_ranking(image)[: int(beta * image.size)]] = 1
    return mask.reshape(image.shape)


def slow_bin(red, green, blue, turns_again):
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    angle = 2 * math.pi * hue * (2 * math.pi if turns_again else 1)
    axes = (
        (saturation * math.cos(angle) + 1) / 2,
        (saturation * math.sin(angle) + 1) / 2,
        value,
    )
    a, b, c = (round(9 * axis + 1) for axis in axes)
    return a + 10 * (b - 1) + 100 * (c - 1)


def slow_fame_map(clip, hue, pseudocount=1):
    seeds = slow_seed_map(clip)
    mean = clip.mean(1)
    height, width = seeds.shape
    bins = [
        slow_bin(*mean[:, y, x], hue == "official") for y in range(height) for x in range(width)
    ]
    ranking, pixels = slow_ranking(seeds), height * width
    foreground, background = np.zeros(1001), np.full(1001, float(pseudocount))
    background[0] = 0  # bins run from 1 to 1000
    for place in ranking[: int(0.5 * pixels)]:
        foreground[bins[place]] += 1
    for place in ranking[pixels - int(0.1 * pixels) :]:
        background[bins[place]] += 1
    foreground, background = foreground / foreground.sum(), background / background.sum()
    share = [foreground[b] / (foreground[b] + background[b]) for b in bins]
    return slow_stretch(slow_smooth(np.array(share).reshape(height, width)))


@pytest.mark.parametrize("pseudocount", [1, 0.08])
@pytest.mark.parametrize("hue", ["correct", "official"])
def test_fame_equals_the_oracle(hue, pseudocount):
    clips = random_clips(height=24, width=30)
    maps = fame.soft_map(clips, hue, pseudocount)
    for clip, soft in zip(clips.numpy(), maps, strict=True):
        expected = slow_fame_map(clip, hue, pseudocount)
        np.testing.assert_allclose(soft, expected, atol=1e-6)


def test_without_motion_the_samples_are_the_upper_half_and_the_last_tenth():
    clips = random_clips(frames=1).expand(-1, -1, 4, -1, -1)
    for clip, soft in zip(clips.numpy(), fame.soft_map(clips), strict=True):
        np.testing.assert_allclose(soft, slow_fame_map(clip, "correct"), atol=1e-6)


def test_motion_equals_the_formula():
    clips = random_clips()
    maps = common.motion(clips)
    for clip, motion in zip(clips.numpy(), maps, strict=True):
        expected = abs(np.diff(clip, axis=1)).sum(0).mean(0)
        np.testing.assert_allclose(motion, expected, atol=1e-12)


def test_seed_equals_the_oracle():
    clips = random_clips(height=24, width=30)
    masked = masks.get("seed")(clips, 0.3)
    for clip, mask in zip(clips.numpy(), masked, strict=True):
        np.testing.assert_array_equal(mask, slow_share(slow_seed_map(clip), 0.3))


@pytest.mark.parametrize(("height", "width"), [(24, 32), (21, 26)])
def test_grid_equals_the_oracle(height, width):
    clips = random_clips(height=height, width=width)
    masked = masks.get("grid")(clips, 0.5)
    for clip, mask in zip(clips.numpy(), masked, strict=True):
        seeds, sums = slow_seed_map(clip), np.zeros(16)
        for y, x in np.ndindex(height, width):
            sums[y * 4 // height * 4 + x * 4 // width] += seeds[y, x]
        kept = set(np.argsort(-sums)[:8])
        for y, x in np.ndindex(height, width):
            assert mask[y, x] == (y * 4 // height * 4 + x * 4 // width in kept)


@settings(max_examples=40)
@given(
    levels=st.lists(st.integers(0, 3), min_size=1, max_size=40),
    beta=st.floats(0, 1, allow_nan=False),
)
def test_top_share_is_exact_and_takes_the_first_among_equals(levels, beta):
    values = torch.tensor(levels, dtype=torch.float64).view(1, 1, -1)
    chosen = common.top_share(values, beta)
    np.testing.assert_array_equal(chosen[0], slow_share(values[0].numpy(), beta))
    assert chosen.sum() == int(beta * len(levels))


@settings(max_examples=20)
@given(
    seed=st.integers(0, 99),
    beta=st.sampled_from([0, 0.1, 0.3, 0.5, 0.7, 1]),
    height=st.integers(4, 24),
    width=st.integers(4, 24),
)
def test_masks_hold_exactly_their_share(seed, beta, height, width):
    clips = random_clips(2, 3, height, width, seed, torch.float32)
    for name in MOTION:
        mask = masks.get(name)(clips, beta)
        assert mask.dtype == torch.float32
        assert set(mask.unique().tolist()) <= {0.0, 1.0}
        assert (mask.sum((1, 2)) == int(beta * (height * width))).all()


@pytest.mark.parametrize("name", BINARY)
def test_beta_one_keeps_and_beta_zero_drops_everything(name):
    clips = random_clips()
    assert masks.get(name)(clips, 1.0).all()
    assert not masks.get(name)(clips, 0.0).any()


@pytest.mark.parametrize("name", NAMES)
def test_soft_maps_lie_between_0_and_1_and_lead_to_the_mask(name):
    clips = random_clips(height=24, width=32)
    soft = masks.get(name, "soft_map")(clips)
    assert soft.shape == (2, 24, 32)
    assert soft.min() >= 0
    assert soft.max() <= 1
    if name == "gauss":
        assert torch.equal(masks.get(name)(clips, 0.5), soft)
    else:
        assert torch.equal(masks.get(name)(clips, 0.5), common.top_share(soft, 0.5))


@pytest.mark.parametrize("name", NAMES)
def test_a_mask_does_not_depend_on_its_batch(name):
    clips = random_clips(5, dtype=torch.float32)
    together = masks.get(name)(clips, 0.4)
    for sample in range(5):
        assert torch.equal(masks.get(name)(clips[sample : sample + 1], 0.4)[0], together[sample])


@pytest.mark.parametrize("name", NAMES)
def test_a_mirrored_clip_has_a_mirrored_mask(name):
    clips = random_clips(4, height=32, width=32)
    mask = masks.get(name)(clips, 0.5)
    mirrored = masks.get(name)(clips.flip(-1), 0.5).flip(-1)
    # Only pixels that tie at the threshold may differ.
    assert ((mask - mirrored).abs() > 1e-9).sum((1, 2)).max() <= 4


@pytest.mark.parametrize("name", MOTION)
def test_a_clip_without_motion_keeps_its_share(name):
    still = torch.rand(1, 3, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    clips = still.expand(1, 3, 5, 16, 16)
    assert not common.seed_map(clips).any()
    mask = masks.get(name)(clips, 0.25)
    assert mask.sum() == 64
    if name == "seed":
        assert mask[0, :4].all()


def test_without_motion_and_colour_the_first_pixels_stay():
    clips = torch.zeros(1, 3, 3, 16, 16)
    for name in BINARY:
        mask = masks.get(name)(clips, 0.5)
        assert mask[0, :8].all()
        assert not mask[0, 8:].any()


@pytest.mark.parametrize("name", NAMES)
def test_no_gradient_flows_and_the_clips_stay(name):
    clips = random_clips().requires_grad_()
    before = clips.detach().clone()
    assert not masks.get(name)(clips, 0.5).requires_grad
    assert torch.equal(clips.detach(), before)


def test_fame_finds_a_moving_object_in_full():
    """A red square moves a little on a static texture: its still inside must be found too."""
    rng = np.random.default_rng(3)
    scene = np.repeat(rng.random((1, 40, 40)) * 0.5 + np.array([0.0, 0.3, 0.2]).reshape(3, 1, 1), 1)
    clip = np.repeat(scene.reshape(3, 1, 40, 40), 6, axis=1)
    for t in range(6):
        clip[:, t, 10 + t : 28 + t, 12:30] = np.array([0.9, 0.1, 0.1]).reshape(3, 1, 1)
    clips = torch.from_numpy(clip)[None]
    inside = np.s_[0, 15:27, 15:27]
    assert fame.mask(clips, 0.3)[inside].mean() > 0.95
    assert masks.get("seed")(clips, 0.3)[inside].mean() < 0.8


def test_real_clips_keep_exact_shares(shared):
    clips = torch.from_numpy(np.load(shared / "golden" / "fame_masks_112.npz")["clips"][:2])
    for name in MOTION:
        mask = masks.get(name)(clips.float() / 255, 0.3)
        assert (mask.sum((1, 2)) == int(0.3 * 112 * 112)).all()


@pytest.mark.parametrize("beta", [-0.1, 1.01, float("nan")])
def test_a_share_outside_0_and_1_is_refused(beta):
    for name in BINARY:
        with pytest.raises(FameError, match="beta is"):
            masks.get(name)(random_clips(), beta)


def test_a_single_frame_is_refused():
    for name in BINARY:
        with pytest.raises(FameError, match="2 frames or more"):
            masks.get(name)(random_clips(frames=1), 0.5)


def test_autocast_does_not_change_a_mask():
    clips = random_clips(dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        soft = fame.soft_map(clips)
    assert torch.equal(soft, fame.soft_map(clips))
