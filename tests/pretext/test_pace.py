"""Pace Prediction: draws and labels by plain loops, balance, and the loss by hand."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from method_runs import WORLD, built, options_of, setting
from torch import nn

from fame.core.errors import FameError
from fame.core.randomness import generator
from fame.pretext.pace import OnePace, OnePaceAsReleased
from fame.train.pretrain import build_method

PACES = (1, 2, 3, 4)
OWN, FAME = options_of("pace", "own"), options_of("pace", "fame")


class Chosen:
    """A generator that gives these numbers."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def integers(self, count):
        assert self.numbers[0] < count
        return self.numbers.pop(0)


@settings(max_examples=200)
@given(st.integers(5, 90), st.integers(0, 999))
def test_a_clip_is_as_defined_and_its_label_is_its_pace(n, seed):
    drawn = OnePace(16, PACES)(n, np.random.default_rng(seed))
    (numbers,), (label,) = drawn.frames, drawn.labels
    assert numbers.tolist() == [(numbers[0] + PACES[label] * t) % n for t in range(16)]
    last_start = n - 64 if n >= 64 else n - 1
    assert 0 <= numbers[0] <= last_start
    if n > 8:  # else a whole turn may hide the pace
        assert np.diff(numbers).max() == PACES[label]


@settings(max_examples=200)
@given(st.integers(5, 90), st.integers(0, 999))
def test_a_released_clip_starts_anywhere_and_restarts(n, seed):
    drawn = OnePaceAsReleased(16, PACES)(n, np.random.default_rng(seed))
    (numbers,), (label,) = drawn.frames.tolist(), drawn.labels
    for before, after in itertools.pairwise(numbers):
        assert after == (before + PACES[label] if before + PACES[label] < n else 0)


def test_the_papers_examples():
    released = OnePaceAsReleased(4, PACES)(40, Chosen(35, 2))
    assert (released.frames.tolist(), released.labels.tolist()) == ([[35, 38, 0, 3]], [2])
    safe = OnePace(16, PACES)(80, Chosen(7, 3))
    assert (safe.frames.tolist(), safe.labels.tolist()) == ([list(range(7, 68, 4))], [3])
    looped = OnePace(4, PACES)(15, Chosen(10, 2))
    assert looped.frames.tolist() == [[10, 13, 1, 4]]


def test_paces_are_balanced_and_starts_tell_nothing_of_them():
    draws = [
        OnePace(16, PACES)(100, generator(0, "clip-starts", 0, video)) for video in range(4000)
    ]
    frames = torch.from_numpy(np.concatenate([drawn.frames for drawn in draws]))
    labels = torch.from_numpy(np.concatenate([drawn.labels for drawn in draws]))
    counts = torch.bincount(labels, minlength=4)
    assert ((counts - 1000) ** 2 / 1000).sum() < 16.3  # chi-square of 3 degrees, p = 0.001
    starts = [frames[labels == label, 0].double().mean() for label in range(4)]
    assert max(abs(start - 18) for start in starts) < 4 * 10.7 / math.sqrt(900)


def test_the_released_draw_shows_cuts_at_fast_paces():
    """The shortcut that `fame` closes: the share of clips that restart grows with the pace."""
    cuts = np.zeros((2, 4))
    for video in range(4000):
        for row, draw in enumerate((OnePaceAsReleased, OnePace)):
            drawn = draw(16, PACES)(120, generator(0, "clip-starts", 0, video))
            cuts[row, drawn.labels] += (np.diff(drawn.frames) < 0).any()
    expected = [15 * pace / 120 for pace in PACES]
    assert cuts[0] / 1000 == pytest.approx(expected, abs=0.06)
    assert (cuts[1] == 0).all()


def test_a_video_without_the_fastest_pace_is_refused():
    with pytest.raises(FameError, match="a video of 4 frames has no pace of 4"):
        OnePace(16, PACES)(4, np.random.default_rng(0))


@pytest.mark.parametrize("options", [OWN, FAME], ids=["own", "fame"])
def test_the_loss_is_the_cross_entropy_of_the_drawn_paces(micro, options):
    model, batch = built(micro, "pace", options)
    nn.init.zeros_(model.linear.weight)
    model.linear.bias.data = torch.tensor([2.0, 0, 0, 0])
    loss, scalars = model.loss(batch, 0)
    steps = batch.frames[:, 0].diff(dim=1).amax(dim=1).tolist()
    expected = [PACES.index(step) for step in steps]
    right = math.log(1 + 3 * math.exp(-2))
    by_hand = sum(right + (2 if label else 0) for label in expected) / 8
    assert loss.item() == pytest.approx(by_hand, rel=1e-6)
    assert scalars["accuracy"].item() == expected.count(0) / 8
    model.linear.bias.data.zero_()
    assert model.loss(batch, 0)[0].item() == pytest.approx(1.386294, abs=1e-5)


def test_colours_are_drawn_for_each_frame(micro):
    model, batch = built(micro, "pace", FAME, {"pretrain.views.jitter": 1.0})
    batch.clips[:] = batch.clips[:, :, :, :1]
    (view,) = model.views(batch, 0)
    assert (view[:, :, :-1] != view[:, :, 1:]).any(dim=1).flatten(2).any(dim=2).all()


@pytest.mark.parametrize("protocol", ["own", "fame"])
def test_chance_and_span_follow_the_paces(micro, protocol):
    options = options_of("pace", protocol, paces=[1, 3])
    model = build_method(*setting(micro, "pace", options), WORLD)
    assert model.chance(8) == 0.5
    assert model.span(16, 2) == 48
    kind = OnePaceAsReleased if protocol == "own" else OnePace
    assert model.sampling(16, 2) == kind(16, (1, 3)) and type(model.sampling(16, 2)) is kind


@pytest.mark.parametrize(
    ("options", "words"),
    [({"paces": [2]}, "paces: "), ({"paces": [0, 1]}, "paces.0: ")],
)
def test_wrong_paces_are_refused(micro, options, words):
    with pytest.raises(FameError, match=words):
        build_method(*setting(micro, "pace", FAME | options), WORLD)


def test_a_clip_of_one_frame_is_refused_before_training(micro):
    model = build_method(*setting(micro, "pace", FAME), WORLD)
    with pytest.raises(FameError, match="'pace' needs clips of 2 frames or more"):
        model.sampling(1, 2)
