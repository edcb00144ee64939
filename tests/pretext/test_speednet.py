"""SpeedNet: two versions of one window, what they share, its head and its loss by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from method_runs import WORLD, built, options_of, setting
from torch import nn

from fame.core.errors import FameError
from fame.core.randomness import generator
from fame.pretext.speednet import TwoSpeeds
from fame.train.pretrain import build_method

OWN, FAME = options_of("speednet", "own"), options_of("speednet", "fame")
RANGES = ((1.0, 1.2), (1.7, 2.2))


@given(st.integers(1, 200), st.integers(4, 16), st.integers(0, 999))
def test_a_window_is_played_at_two_speeds(n, frames, seed):
    numbers = TwoSpeeds(frames, 4 * frames, *RANGES)(n, np.random.default_rng(seed))
    assert numbers.shape == (2, frames) and (numbers >= 0).all() and (numbers < n).all()
    if n >= 4 * frames:
        assert (np.diff(numbers) > 0).all()
        assert numbers.max() - numbers.min() < 4 * frames


def test_the_fast_version_is_about_twice_as_fast():
    draw = TwoSpeeds(16, 64, *RANGES)
    drawn = np.stack([draw(200, generator(0, "clip-starts", 0, video)) for video in range(800)])
    steps = np.diff(drawn).mean(axis=(0, 2))
    assert steps[0] == pytest.approx(1.1, abs=0.03)
    assert steps[1] == pytest.approx(1.94, abs=0.06)
    # Both versions begin near the start of the same window.
    assert abs(drawn[:, 0, 0] - drawn[:, 1, 0]).max() < 16
    starts = drawn[:, 0, 0]
    assert starts.min() < 5 and starts.max() > 130


def test_test_time_speeds():
    """Without skipping, and with every frame kept or at least none repeated."""
    normal, _ = TwoSpeeds(4, 16, (1.0, 1.0), (1.0, 1.0))(16, np.random.default_rng(0))
    assert normal.tolist() == [0, 1, 2, 3]


def test_the_loss_by_hand(micro):
    model, batch = built(micro, "speednet", FAME)
    model.logits = lambda clips: torch.tensor([-1.0, 2.0] * (len(clips) // 2))
    loss, scalars = model.loss(batch, 0)
    assert loss.item() == pytest.approx(0.220095, abs=1e-5)
    assert scalars["accuracy"].item() == 1
    model.logits = lambda clips: torch.zeros(len(clips))
    loss, scalars = model.loss(batch, 0)
    assert loss.item() == pytest.approx(math.log(2)) and scalars["accuracy"].item() == 0.5


def test_the_head_takes_the_maximum_over_space_and_the_mean_over_time(micro):
    model, _ = built(micro, "speednet", FAME)
    width = model.encoder.feature_dim
    maps = torch.zeros(1, width, 2, 2, 2)
    maps[0, 0] = torch.tensor([[[1, 4], [2, 3]], [[0, 1], [5, 2]]])
    model.encoder.maps = lambda clips: maps
    nn.init.zeros_(model.linear.bias)
    model.linear.weight.data = torch.eye(1, width)
    assert model.logits(torch.zeros(1, 3, 4, 8, 8)).tolist() == [4.5]


@pytest.mark.parametrize("protocol", ["own", "fame"])
def test_both_versions_share_everything_but_time(micro, protocol):
    model, batch = built(micro, "speednet", options_of("speednet", protocol))
    batch.clips[:, 1] = batch.clips[:, 0]
    sizes = set()
    for step in range(40):
        size = model.size(step)
        sizes.add(size)
        first, second = model.views.sized(size)(batch, step)
        assert torch.equal(first, second) and first.shape[-2:] == (size, size)
    assert min(sizes) >= 5 and max(sizes) < 24 and len(sizes) > 10
    assert model.size(3) == model.size(3)


def test_own_takes_whole_frames_and_a_shorter_window(micro):
    own, batch = built(micro, "speednet", OWN)
    fame, _ = built(micro, "speednet", FAME)
    assert (own.span(4, 2), fame.span(4, 2)) == (12, 16)
    assert own.sampling(4, 2) == TwoSpeeds(4, 12, *RANGES)
    view, _ = own.views.sized(40).cropped(batch)  # the micro videos' own size
    assert torch.equal(view, batch.clips[:, 0] / 255)


@pytest.mark.parametrize(
    "wrong",
    [{"normal": [1.2, 1.0]}, {"fast": [1.1, 2.0]}, {"sizes": [1, 1]}, {"sizes": [0.01, 1.0]}],
)
def test_ranges_that_cannot_serve_are_refused(micro, wrong):
    with pytest.raises(FameError, match="normal and fast must rise together, as in"):
        build_method(*setting(micro, "speednet", FAME | wrong), WORLD)


def test_short_clips_are_refused_before_training(micro):
    model, _ = built(micro, "speednet", FAME)
    with pytest.raises(FameError, match="'speednet' needs clips of 4 frames or more"):
        model.sampling(3, 2)


def test_views_too_small_for_the_backbone_are_refused_before_training(micro):
    model, _ = built(micro, "speednet", FAME)
    model.encoder.maps = nn.AvgPool3d((1, 6, 6)).forward
    with pytest.raises(FameError, match=r"smallest views, 4 frames of 5 pixels .* raise the lower"):
        model.sampling(4, 2)
    model.encoder.maps = nn.AvgPool3d((1, 5, 5)).forward
    assert model.sampling(4, 2).frames == 4 and model.encoder.training
