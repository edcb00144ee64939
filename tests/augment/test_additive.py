"""The old kornia's jitter against hand numbers, and against a slow loop over pixels."""

import colorsys

import numpy as np
import pytest
import torch
from paper_views import draws_of, random_bytes

from fame.augment.additive import brightness, contrast, saturation
from fame.augment.photometric import photometric


def pixel(*rgb):
    return torch.tensor(rgb).view(1, 3, 1, 1, 1)


@pytest.mark.parametrize(
    ("operation", "factor", "before", "after"),
    [
        (brightness, 1.25, (0.25, 0.5, 0.875), (0.5, 0.75, 1.0)),  # .25 is added, the end clipped
        (brightness, 0.75, (0.125, 0.5, 1.0), (0.0, 0.25, 0.75)),
        (contrast, 1.5, (0.25, 0.5, 0.75), (0.375, 0.75, 1.0)),
        (contrast, 0.5, (0.25, 0.5, 1.0), (0.125, 0.25, 0.5)),
        # Saturation is (0.8 - 0.4) / 0.8 = 0.5 of value 0.8; a half more makes 0.75.
        (saturation, 1.5, (0.8, 0.4, 0.4), (0.8, 0.2, 0.2)),
        (saturation, 0.5, (0.8, 0.4, 0.4), (0.8, 0.6, 0.6)),
        (saturation, 3.0, (0.8, 0.4, 0.4), (0.8, 0.0, 0.0)),  # at most 1
        (saturation, 0.0, (0.8, 0.4, 0.6), (0.8, 0.8, 0.8)),  # the value stays, not the luma
        (saturation, 2.0, (0.3, 0.3, 0.3), (0.3, 0.3, 0.3)),
    ],
)
def test_hand_numbers(operation, factor, before, after):
    changed = operation(pixel(*before), torch.tensor([factor]))
    torch.testing.assert_close(changed, pixel(*after))


def slow_jitter(rgb, factors, order):
    """One pixel through the four operations, with Python's own colour conversion."""
    for number in order:
        factor = float(factors[number])
        if number == 0:
            rgb = [min(max(value + factor - 1, 0), 1) for value in rgb]
        elif number == 1:
            rgb = [min(max(value * factor, 0), 1) for value in rgb]
        else:
            hue, sat, value = colorsys.rgb_to_hsv(*rgb)
            sat = min(sat * factor, 1) if number == 2 else sat
            hue = (hue + factor) % 1 if number == 3 else hue
            rgb = colorsys.hsv_to_rgb(hue, sat, value)
    return rgb


def test_jitter_equals_a_slow_loop_over_pixels():
    clips = random_bytes(12, 3, 2, 3, 4) / 255
    draws = draws_of(12, gray=0.0, blur=0.0)
    changed = photometric(clips, draws, "additive").numpy()
    expected = clips.numpy().copy()
    for sample, t, y, x in np.ndindex(12, 2, 3, 4):
        if draws.jitter[sample]:
            rgb = clips[sample, :, t, y, x].tolist()
            factors, order = draws.factors[sample], draws.order[sample].tolist()
            expected[sample, :, t, y, x] = slow_jitter(rgb, factors, order)
    assert draws.jitter.any() and not draws.jitter.all()
    np.testing.assert_allclose(changed, expected, rtol=0, atol=2e-5)


def test_it_changes_a_picture_more_than_torchvisions_does():
    clips = random_bytes(64, 3, 1, 8, 8) / 255
    draws = draws_of(64, gray=0.0, blur=0.0, jitter=1.0)
    change = {kind: photometric(clips, draws, kind) - clips for kind in ("additive", "torchvision")}
    assert change["additive"].abs().mean() > 1.3 * change["torchvision"].abs().mean()


def test_the_clips_given_stay_as_they_are():
    clips = random_bytes(2, 3, 2, 4, 4) / 255
    before = clips.clone()
    for operation in (brightness, contrast, saturation):
        operation(clips, torch.tensor([0.5, 1.5]))
    assert torch.equal(clips, before)
