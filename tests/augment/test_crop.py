"""Boxes and crops against torchvision's rule, clip by clip."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from paper_views import frames_first, paper, random_bytes
from torchvision.transforms.v2 import functional as tv

from fame.augment.crop import TRIES, centre_boxes, crop_resize_flip, frame_boxes, random_boxes
from fame.augment.view_draws import draw

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
    views = crop_resize_flip(clips, draws.boxes, draws.flip, size)
    assert views.dtype == torch.float32
    assert draws.flip.any()
    assert not draws.flip.all()
    for clip, box, flip, view in zip(clips, draws.boxes.tolist(), draws.flip, views, strict=True):
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
    views = crop_resize_flip(clips, torch.tensor([[3, 4, 8, 8]]), torch.tensor([False]), 8)
    torch.testing.assert_close(views, clips[..., 3:11, 4:12] / 255)


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
    views = crop_resize_flip(
        clips,
        centre_boxes(sizes, size, "short-side"),
        torch.tensor([False]),
        size,
        frame_boxes(sizes),
    )
    frames = frames_first(clips[0]).double() / 255
    resized = tv.resize(frames, [round(size * 8 / 7)], antialias=False)
    expected = tv.center_crop(resized, [size, size]).transpose(0, 1)
    torch.testing.assert_close(views[0].double(), expected, rtol=0, atol=1e-6)


def test_short_side_targets_of_the_paper():
    boxes = centre_boxes([[128, 128], [256, 256]], 112, "short-side")
    assert boxes[0].tolist() == [8, 8, 112, 112]
    assert centre_boxes([[256, 256]], 224, "short-side").tolist() == [[16, 16, 224, 224]]


def test_native_boxes_cut_the_centre_and_enlarge_only_small_frames():
    clips = random_bytes(1, 3, 1, 240, 320)
    boxes = centre_boxes([[240, 320]], 112, "native")
    assert boxes.tolist() == [[64, 104, 112, 112]]
    expected = tv.center_crop(clips[0], [112, 112])
    views = crop_resize_flip(clips, boxes, torch.tensor([False]), 112)
    torch.testing.assert_close(views[0], expected / 255)
    assert centre_boxes([[56, 112]], 112, "native").tolist() == [[0, 28, 56, 56]]
