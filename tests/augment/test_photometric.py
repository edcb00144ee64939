"""Changes of colour against torchvision, clip by clip."""

import pytest
import torch
from paper_views import PAPER, draws_of, frames_first, random_bytes
from torchvision.transforms.v2 import functional as tv

from fame.augment.gaussian import kernel_size
from fame.augment.photometric import normalise, photometric

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
    changed = photometric(clips, draws, "torchvision")
    assert torch.equal(clips, before)
    for sample, clip in enumerate(clips):
        expected = slow_photometric(clip, draws, sample)
        torch.testing.assert_close(changed[sample], expected, rtol=0, atol=1e-5)


def test_with_everything_off_nothing_changes():
    clips = random_bytes(4, 3, 2, 16, 16) / 255
    assert torch.equal(
        photometric(clips, draws_of(4, gray=0.0, jitter=0.0, blur=0.0), "torchvision"), clips
    )
    neutral = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}
    assert torch.equal(
        photometric(clips, draws_of(4, gray=0.0, blur=0.0, **neutral), "torchvision"), clips
    )


def test_all_frames_of_a_clip_change_alike():
    frame = random_bytes(8, 3, 1, 16, 16) / 255
    changed = photometric(frame.expand(8, 3, 4, 16, 16), draws_of(8), "torchvision")
    for t in range(1, 4):
        torch.testing.assert_close(changed[:, :, t], changed[:, :, 0])


def test_normalise_equals_the_formula():
    clips = torch.rand(2, 3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    normalised = normalise(clips, PAPER["mean"], PAPER["std"])
    for colour in range(3):
        expected = (clips[:, colour] - PAPER["mean"][colour]) / PAPER["std"][colour]
        torch.testing.assert_close(normalised[:, colour], expected)
