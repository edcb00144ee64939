"""Views against torchvision, clip by clip, and the keyed draws behind them."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torchvision.transforms.v2 import functional as tv

from fame.augment.crop import TRIES, centre_boxes, crop_resize_flip, frame_boxes, random_boxes
from fame.augment.gaussian import kernel_size
from fame.augment.photometric import normalise, photometric
from fame.augment.view_draws import ViewDraws, draw
from fame.config.views import ViewSettings

PAPER = {
    "crop_scale": (0.2, 1.0),
    "crop_aspect": (3 / 4, 4 / 3),
    "flip": 0.5,
    "gray": 0.2,
    "jitter": 0.8,
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


# Boxes


def slow_box(uniforms, height, width, scale, aspect):
    """torchvision's rule, with the uniform numbers given."""
    for area_draw, aspect_draw, top_draw, left_draw in uniforms:
        area = height * width * (scale[0] + (scale[1] - scale[0]) * area_draw)
        low, high = math.log(aspect[0]), math.log(aspect[1])
        ratio = math.exp(low + (high - low) * aspect_draw)
        h, w = round(math.sqrt(area / ratio)), round(math.sqrt(area * ratio))
        if 0 < h <= height and 0 < w <= width:
            return int(top_draw * (height - h + 1)), int(left_draw * (width - w + 1)), h, w
    h, w = height, width
    if width / height < aspect[0]:
        h = round(width / aspect[0])
    elif width / height > aspect[1]:
        w = round(height * aspect[1])
    return (height - h) // 2, (width - w) // 2, h, w


@settings(max_examples=80)
@given(
    seed=st.integers(0, 999),
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    lowest=st.sampled_from([0.05, 0.2, 0.9]),
)
def test_boxes_follow_torchvisions_rule_and_lie_inside(seed, height, width, lowest):
    uniforms = np.random.default_rng(seed).random((3, TRIES, 4))
    scale, aspect = (lowest, 1.0), (3 / 4, 4 / 3)
    boxes = random_boxes(uniforms, np.full((3, 2), (height, width)), scale, aspect)
    for numbers, box in zip(uniforms, boxes.tolist(), strict=True):
        assert tuple(box) == slow_box(numbers, height, width, scale, aspect)
        top, left, h, w = box
        assert 0 <= top <= top + h <= height
        assert 0 <= left <= left + w <= width


def test_long_frames_fall_back_to_the_centre():
    uniforms = np.ones((2, TRIES, 4)) * 0.999
    boxes = random_boxes(uniforms, np.array([[30, 300], [300, 30]]), (0.9, 1.0), (3 / 4, 4 / 3))
    assert boxes.tolist() == [[0, 130, 30, 40], [130, 0, 40, 30]]


# Geometry


def torchvision_crop(clip, box, size, flip):
    frames = frames_first(clip).double() / 255
    result = tv.resized_crop(frames, *box, size=[size, size], antialias=False)
    return (result.flip(-1) if flip else result).transpose(0, 1)


@pytest.mark.parametrize(("height", "width", "size"), [(40, 60, 16), (20, 24, 32), (240, 320, 56)])
def test_geometry_equals_torchvision(height, width, size):
    clips = random_bytes(6, 3, 2, height, width)
    sizes = np.full((6, 2), (height, width))
    draws = draw(paper(), 0, "view0", np.zeros(6), np.arange(6), sizes)
    found = crop_resize_flip(clips, draws.boxes, draws.flip, size)
    assert found.dtype == torch.float32
    assert draws.flip.any()
    assert not draws.flip.all()
    for clip, box, flip, view in zip(clips, draws.boxes.tolist(), draws.flip, found, strict=True):
        expected = torchvision_crop(clip, box, size, flip)
        torch.testing.assert_close(view.double(), expected, rtol=0, atol=1e-6)


def test_padding_never_leaks():
    clips = random_bytes(2, 3, 2, 12, 15)
    padded = torch.full((2, 3, 2, 20, 22), 255, dtype=torch.uint8)
    padded[..., :12, :15] = clips
    boxes = torch.tensor([[0, 0, 12, 15], [5, 6, 7, 9]])
    flip = torch.tensor([False, True])
    assert torch.equal(
        crop_resize_flip(padded, boxes, flip, 32), crop_resize_flip(clips, boxes, flip, 32)
    )


def test_a_box_of_the_views_size_copies_its_pixels():
    clips = random_bytes(1, 3, 2, 20, 20)
    found = crop_resize_flip(clips, torch.tensor([[3, 4, 8, 8]]), torch.tensor([False]), 8)
    torch.testing.assert_close(found, clips[..., 3:11, 4:12] / 255)


def test_a_slice_of_a_batch_of_pairs_will_do():
    pairs = random_bytes(3, 2, 3, 2, 20, 20)
    boxes, flip = torch.tensor([[3, 4, 9, 8]] * 3), torch.zeros(3, dtype=torch.bool)
    expected = crop_resize_flip(pairs[:, 1].contiguous(), boxes, flip, 8)
    assert torch.equal(crop_resize_flip(pairs[:, 1], boxes, flip, 8), expected)


@pytest.mark.parametrize("size", [32, 56, 112, 224])
@pytest.mark.parametrize(("height", "width"), [(120, 160), (240, 320), (90, 61)])
def test_short_side_boxes_equal_resize_then_centre_crop(height, width, size):
    clips = random_bytes(1, 3, 1, height, width)
    sizes = [[height, width]]
    found = crop_resize_flip(
        clips,
        centre_boxes(sizes, size, "short-side"),
        torch.tensor([False]),
        size,
        frame_boxes(sizes),
    )
    frames = frames_first(clips[0]).double() / 255
    resized = tv.resize(frames, [round(size * 8 / 7)], antialias=False)
    expected = tv.center_crop(resized, [size, size]).transpose(0, 1)
    torch.testing.assert_close(found[0].double(), expected, rtol=0, atol=1e-6)


def test_short_side_targets_of_the_paper():
    boxes = centre_boxes([[128, 128], [256, 256]], 112, "short-side")
    assert boxes[0].tolist() == [8, 8, 112, 112]
    assert centre_boxes([[256, 256]], 224, "short-side").tolist() == [[16, 16, 224, 224]]


def test_native_boxes_cut_the_centre_and_enlarge_only_small_frames():
    clips = random_bytes(1, 3, 1, 240, 320)
    boxes = centre_boxes([[240, 320]], 112, "native")
    assert boxes.tolist() == [[64, 104, 112, 112]]
    expected = tv.center_crop(clips[0], [112, 112])
    found = crop_resize_flip(clips, boxes, torch.tensor([False]), 112)
    torch.testing.assert_close(found[0], expected / 255)
    assert centre_boxes([[56, 112]], 112, "native").tolist() == [[0, 28, 56, 56]]


# Colour


def slow_photometric(clip, draws, sample):
    """torchvision on the frames of one clip, in the order of the draws."""
    frames = frames_first(clip)
    if draws.gray[sample]:
        frames = tv.rgb_to_grayscale(frames, 3)
    operations = [tv.adjust_brightness, tv.adjust_contrast, tv.adjust_saturation, tv.adjust_hue]
    if draws.jitter[sample]:
        for number in draws.order[sample]:
            frames = operations[number](frames, float(draws.factors[sample, number]))
    if draws.blur[sample]:
        size = kernel_size(clip.shape[-1])
        frames = tv.gaussian_blur(frames, [size, size], [float(draws.sigma[sample])] * 2)
    return frames_first(frames)


@pytest.mark.parametrize("changes", [{}, {"gray": 0.0, "jitter": 1.0, "hue": 0.5, "contrast": 3.0}])
def test_photometric_equals_torchvision(changes):
    clips = random_bytes(24, 3, 2, 24, 26) / 255
    draws = draws_of(24, **changes)
    before = clips.clone()
    found = photometric(clips, draws)
    assert torch.equal(clips, before)
    for sample, clip in enumerate(clips):
        expected = slow_photometric(clip, draws, sample)
        torch.testing.assert_close(found[sample], expected, rtol=0, atol=1e-5)


def test_with_everything_off_nothing_changes():
    clips = random_bytes(4, 3, 2, 16, 16) / 255
    assert torch.equal(photometric(clips, draws_of(4, gray=0.0, jitter=0.0, blur=0.0)), clips)
    neutral = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}
    assert torch.equal(photometric(clips, draws_of(4, gray=0.0, blur=0.0, **neutral)), clips)


def test_all_frames_of_a_clip_change_alike():
    frame = random_bytes(8, 3, 1, 16, 16) / 255
    found = photometric(frame.expand(8, 3, 4, 16, 16), draws_of(8))
    for t in range(1, 4):
        torch.testing.assert_close(found[:, :, t], found[:, :, 0])


def test_normalise_equals_the_formula():
    clips = torch.rand(2, 3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    found = normalise(clips, PAPER["mean"], PAPER["std"])
    for colour in range(3):
        expected = (clips[:, colour] - PAPER["mean"][colour]) / PAPER["std"][colour]
        torch.testing.assert_close(found[:, colour], expected)


# Draws


def same(one, other):
    return all(torch.equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(ViewDraws))


def rows(draws, chosen):
    return ViewDraws(**{f.name: getattr(draws, f.name)[chosen] for f in fields(ViewDraws)})


def test_a_samples_draws_do_not_depend_on_its_batch():
    epochs, indices = np.array([0, 0, 1, 5]), np.array([3, 9, 3, 0])
    sizes = np.array([[40, 60], [50, 30], [40, 60], [64, 64]])
    together = draw(paper(), 4, "view1", epochs, indices, sizes)
    order = np.array([2, 0, 3, 1])
    shuffled = draw(paper(), 4, "view1", epochs[order], indices[order], sizes[order])
    assert same(shuffled, rows(together, torch.from_numpy(order)))
    tensors = map(torch.from_numpy, (epochs, indices, sizes))
    assert same(draw(paper(), 4, "view1", *tensors), together)


def test_seed_purpose_epoch_and_sample_all_count():
    sizes = [[40, 60]]
    draws = [
        draw(paper(), seed, purpose, [epoch], [index], sizes)
        for seed in (0, 1)
        for purpose in ("view0", "view1")
        for epoch in (0, 1)
        for index in (0, 1)
    ]
    assert len({float(one.sigma) for one in draws}) == 16
    assert len({tuple(one.factors[0].tolist()) for one in draws}) == 16


def test_draws_have_the_stated_distributions():
    draws = draws_of(2000)
    for name, chance in (("flip", 0.5), ("gray", 0.2), ("jitter", 0.8), ("blur", 0.5)):
        assert abs(getattr(draws, name).double().mean() - chance) < 0.05
    low = torch.tensor([0.6, 0.6, 0.6, -0.1])
    high = torch.tensor([1.4, 1.4, 1.4, 0.1])
    assert (draws.factors >= low).all()
    assert (draws.factors <= high).all()
    assert (draws.factors.mean(0) - (low + high) / 2).abs().max() < 0.03
    assert (draws.order.sort(1).values == torch.arange(4)).all()
    assert len(draws.order.unique(dim=0)) == 24
    assert 0.1 <= draws.sigma.min() < 0.2
    assert 1.9 < draws.sigma.max() <= 2.0
    share = draws.boxes[:, 2:].prod(1) / (40 * 60)
    assert share.min() > 0.18
    assert 0.85 < share.max() <= 1


def test_strong_jitter_never_inverts():
    assert draws_of(200, brightness=3.0).factors[:, 0].min() >= 0


def test_one_sigma_for_a_whole_run_if_asked():
    first = draws_of(5, blur_draw="process")
    other = draw(paper(blur_draw="process"), 0, "view1", [7], [3], [[40, 60]])
    assert len(torch.cat([first.sigma, other.sigma]).unique()) == 1
    assert len(draws_of(5).sigma.unique()) == 5
    assert draw(paper(blur_draw="process"), 1, "view1", [7], [3], [[40, 60]]).sigma != other.sigma


def test_a_clip_does_not_depend_on_its_batch():
    clips = random_bytes(6, 3, 2, 40, 60)
    draws = draws_of(6)
    together = photometric(crop_resize_flip(clips, draws.boxes, draws.flip, 16), draws)
    for sample in range(6):
        mine = slice(sample, sample + 1)
        alone = rows(draws, mine)
        view = photometric(crop_resize_flip(clips[mine], alone.boxes, alone.flip, 16), alone)
        torch.testing.assert_close(view, together[mine], rtol=0, atol=1e-6)


def test_real_clips_become_views(shared):
    clips = torch.from_numpy(np.load(shared / "golden" / "fame_masks_112.npz")["clips"][:3])
    draws = draw(paper(), 0, "view0", [0] * 3, range(3), [[112, 112]] * 3)
    view = photometric(crop_resize_flip(clips, draws.boxes, replace(draws).flip, 32), draws)
    assert view.shape == (3, 3, 16, 32, 32)
    assert view.min() >= 0
    assert view.max() <= 1
    assert view.std() > 0.05


@pytest.mark.parametrize(
    "change",
    [
        {"flip": 1.5},
        {"hue": 0.6},
        {"crop_scale": (1.0, 0.2)},
        {"std": (0.0, 1.0, 1.0)},
        {"blur_draw": "run"},
        {"unknown": 1},
    ],
)
def test_bad_settings_are_refused(change):
    with pytest.raises(ValidationError):
        paper(**change)


def test_no_setting_has_a_default():
    for name in PAPER:
        with pytest.raises(ValidationError, match=name):
            ViewSettings(**{key: value for key, value in PAPER.items() if key != name})
