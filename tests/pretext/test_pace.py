"""Pace Prediction: draws and labels by plain loops, and a run that learns above chance's level."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from micro_world import choose
from slow_moco import WORLD
from torch import nn

from fame.config.tables import Recipe
from fame.core.errors import FameError
from fame.core.files import read_json
from fame.core.randomness import generator
from fame.data.clips.batch import collate
from fame.pipeline.runs import resolve
from fame.pretext.pace import OnePace, labels_of
from fame.train.pretrain import build_method, clips_of, pretrain

PACES = (1, 2, 3, 4)
RECIPE = {"method": "pace", "backbone": "r2plus1d", "pretrain": "kinetics400"}


def setting(micro, options=None, **more):
    """The micro scale and a run of Pace."""
    scale, _ = choose(micro.scale("pace", {}), "moco-fame")
    options = {"paces": PACES} if options is None else options
    return scale, resolve(scale, Recipe(**RECIPE, options=options, **more), {}, 0)


@settings(max_examples=200)
@given(st.integers(5, 90), st.integers(0, 999))
def test_a_clip_is_as_defined_and_its_label_is_its_pace(n, seed):
    (numbers,) = OnePace(16, PACES)(n, np.random.default_rng(seed))
    label = labels_of(torch.from_numpy(numbers)[None], PACES).item()
    pace = PACES[label]
    assert numbers.tolist() == [(numbers[0] + pace * t) % n for t in range(16)]
    last_start = n - 64 if n >= 64 else n - 1
    assert 0 <= numbers[0] <= last_start


def test_the_papers_example():
    frames = torch.tensor([[7 + 4 * t for t in range(16)], [(35 + 3 * t) % 40 for t in range(16)]])
    assert labels_of(frames, PACES).tolist() == [3, 2]
    assert labels_of(frames, (4, 3)).tolist() == [0, 1]


def test_paces_are_balanced_and_starts_tell_nothing_of_them():
    draws = [
        OnePace(16, PACES)(100, generator(0, "clip-starts", 0, video))[0] for video in range(4000)
    ]
    frames = torch.from_numpy(np.stack(draws))
    labels = labels_of(frames, PACES)
    counts = torch.bincount(labels, minlength=4)
    assert ((counts - 1000) ** 2 / 1000).sum() < 16.3  # chi-square of 3 degrees, p = 0.001
    starts = [frames[labels == label, 0].double().mean() for label in range(4)]
    assert max(abs(start - 18) for start in starts) < 4 * 10.7 / math.sqrt(900)


def test_a_video_without_the_fastest_pace_is_refused():
    with pytest.raises(FameError, match="a video of 4 frames has no pace of 4"):
        OnePace(16, PACES)(4, np.random.default_rng(0))


def test_the_loss_is_the_cross_entropy_of_the_drawn_paces(micro):
    scale, run = setting(micro)
    method = build_method(scale, run, WORLD)
    clips = clips_of(scale, run, micro.videos().select("train"), method)
    batch = collate([clips[3, row] for row in range(8)])
    expected = [PACES.index(int(np.diff(clips[3, row].frames[0]).max())) for row in range(8)]
    nn.init.zeros_(method.linear.weight)
    method.linear.bias.data = torch.tensor([2.0, 0, 0, 0])
    loss, scalars = method.loss(batch, 0)
    right = math.log(1 + 3 * math.exp(-2))
    by_hand = sum(right + (2 if label else 0) for label in expected) / 8
    assert loss.item() == pytest.approx(by_hand, rel=1e-6)
    assert scalars["accuracy"].item() == expected.count(0) / 8


def test_a_run_says_chance_and_cost_on_its_card(micro, tmp_path):
    scale, run = setting(micro)
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    assert card["chance"] == 0.25
    assert card["clips_per_video"] == {"with_gradient": 1, "without_gradient": 0}
    assert 0 <= card["metrics"]["accuracy"] <= 1
    assert card["looped_videos"] == 0
    assert "moco" not in str(card["recipe"])


@pytest.mark.parametrize(
    ("options", "more", "words"),
    [
        ({}, {}, "paces is missing"),
        ({"paces": [2]}, {}, "paces: "),
        ({"paces": [0, 1]}, {}, "paces.0: "),
        ({"paces": PACES}, {"merge": {"mask": "fame"}}, "merges nothing"),
    ],
)
def test_wrong_recipes_are_refused(micro, options, more, words):
    with pytest.raises(FameError, match=words):
        build_method(*setting(micro, options, **more), WORLD)
