"""Frames are scaled down to a short side, in proportion and in place, and never up."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms.v2.functional import resize

from fame.data.video.resize import fitted, scaled_down

few = settings(max_examples=25)


@few
@given(st.integers(1, 2000), st.integers(1, 2000), st.integers(1, 300))
def test_fitted_sizes(height, width, max_short_side):
    new = fitted(height, width, max_short_side)
    assert min(new) == min(height, width, max_short_side)
    assert abs(new[0] * width - new[1] * height) <= max(height, width) / 2 + 1e-6
    assert fitted(height, width, None) == (height, width)


def test_frames_that_fit_are_left_alone():
    frames = torch.zeros(2, 3, 20, 30, dtype=torch.uint8)
    assert scaled_down(frames, None) is frames
    assert scaled_down(frames, 20) is frames


def test_larger_frames_are_antialiased():
    generator = torch.Generator().manual_seed(0)
    frames = torch.randint(0, 256, (2, 3, 40, 60), dtype=torch.uint8, generator=generator)
    assert torch.equal(scaled_down(frames, 20), resize(frames, [20, 30], antialias=True))


def test_what_is_in_the_middle_stays_there():
    """A disc keeps its centre, which sampling single pixels would move by a third of a pixel."""
    rows, columns = torch.meshgrid(torch.arange(120), torch.arange(120), indexing="ij")
    disc = ((rows - 59.5) ** 2 + (columns - 59.5) ** 2 < 900).to(torch.uint8) * 255
    small = scaled_down(disc[None], 40)[0] >= 128
    assert small.nonzero().float().mean(0).tolist() == [19.5, 19.5]
