"""Video Cloze Procedure: options by hand, labels from frame numbers, and the loss by hand."""

import math

import numpy as np
import pytest
import torch
from chosen import Chosen, assert_balanced
from hypothesis import given
from hypothesis import strategies as st
from method_runs import WORLD, built, options_of, setting

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.core.randomness import generator
from fame.pretext.toolbox.draws.spaced import Spaced, Trio
from fame.pretext.vcp import (
    OPTIONS,
    PERMUTED,
    REMOTE,
    SHUFFLED,
    TURNED,
    Cloze,
    remote_starts,
    swapped,
)
from fame.train.pretrain import build_method, pretrain

DRAW = Cloze(Spaced(16, 1, 8))
ACROSS = 64


def test_two_quarters_change_places():
    assert swapped(np.arange(8), 0, 2).tolist() == [4, 5, 2, 3, 0, 1, 6, 7]
    assert swapped(np.arange(16), 3, 1).tolist() == [
        *range(4),
        *range(12, 16),
        *range(8, 12),
        *range(4, 8),
    ]


@pytest.mark.parametrize(
    ("n", "first", "expected"),
    [
        (180, 40, [range(9), range(120, 165)]),
        (180, 20, [range(100, 165)]),
        (180, 116, [range(85)]),
        (95, 31, []),
        (96, 0, [range(80, 81)]),
        (96, 32, [range(1)]),
    ],
)
def test_remote_clips_are_a_clip_away_on_either_side(n, first, expected):
    trio = Trio(np.zeros((3, 16)), first, first + ACROSS, 0)
    assert remote_starts(trio, n, 16) == expected


def test_a_drawn_remote_clip_by_hand():
    # First clip at 40; option 4; turns; the later side; its start.
    drawn = DRAW(180, Chosen(40, REMOTE, 2, 1, 130))
    assert drawn.frames[:, 0].tolist() == [40, 130, 88]
    assert drawn.labels.tolist() == [REMOTE, 2, 0]
    drawn = DRAW(180, Chosen(40, SHUFFLED, 1, 5))
    assert drawn.frames[1].tolist() == [*range(64, 72), *range(76, 80), *range(72, 76)]


@given(st.integers(48, 300), st.integers(0, 999))
def test_the_middle_clip_is_as_its_label_says(n, seed):
    drawn = DRAW(n, np.random.default_rng(seed))
    option, turns, _ = drawn.labels
    before, middle, after = drawn.frames
    assert (np.diff(before) == 1).all() and (np.diff(after) == 1).all()
    between = (before[0] + after[0]) // 2
    assert turns in (1, 2, 3)
    if option == SHUFFLED:
        assert sorted(middle) == list(range(between, between + 16))
        assert 2 <= (np.diff(middle) != 1).sum() <= 3
    elif option == REMOTE:
        assert (np.diff(middle) == 1).all()
        assert before[0] - middle[-1] > 16 or middle[0] - after[-1] > 16
    else:
        assert middle.tolist() == list(range(between, between + 16))


def options_drawn(n, count=3000):
    return [int(DRAW(n, generator(0, "clip-starts", 0, video)).labels[0]) for video in range(count)]


def test_options_are_balanced_among_those_that_are_possible():
    assert_balanced(options_drawn(180), 5)
    assert_balanced(options_drawn(90), 4)
    turns = [
        int(DRAW(90, generator(0, "clip-starts", 0, video)).labels[1]) for video in range(3000)
    ]
    assert_balanced([turn - 1 for turn in turns], 3)


def of_option(model, batch, option):
    """What the encoder sees as the middle clips if all videos have one option."""
    seen = []
    hook = model.encoder.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    batch.drawn[:, 0] = option
    loss, scalars = model.loss(batch, 0)
    hook.remove()
    return seen, loss.item(), scalars["accuracy"].item()


@pytest.mark.parametrize("protocol", ["own", "fame"])
def test_only_the_middle_clip_is_changed(micro, protocol):
    model, batch = built(micro, "vcp", options_of("vcp", protocol))
    plain, _, _ = of_option(model, batch, 0)
    for option in (SHUFFLED, REMOTE):
        assert all(map(torch.equal, of_option(model, batch, option)[0], plain))
    before, turned, after = of_option(model, batch, TURNED)[0]
    assert torch.equal(before, plain[0]) and torch.equal(after, plain[2])
    for row, turns in enumerate(batch.drawn[:, 1].tolist()):
        assert torch.equal(turned[row], plain[1][row].rot90(turns, (-2, -1)))
    permuted = of_option(model, batch, PERMUTED)[0][1]
    assert torch.equal(permuted, plain[1].roll((8, 8), (-2, -1)))


def test_the_loss_is_the_cross_entropy_of_the_drawn_options(micro):
    model, batch = built(micro, "vcp", options_of("vcp", "fame"))
    model.linear.weight.data.zero_()
    model.linear.bias.data = torch.tensor([2.0, 0, 0, 0, 0])
    wrong = math.log(math.exp(2) + 4)
    for option, by_hand in ((0, wrong - 2), (3, wrong)):
        _, loss, accuracy = of_option(model, batch, option)
        assert loss == pytest.approx(by_hand, rel=1e-6)
        assert accuracy == (option == 0)


def test_crops_are_square_so_that_no_aspect_shows_a_turn(micro):
    wide = {"pretrain.views.crop_aspect": [1.4, 1.5], "pretrain.views.crop_scale": [0.5, 0.5]}
    model, batch = built(micro, "vcp", options_of("vcp", "fame"), wide)
    for draws in model.views.draws(batch):
        assert (draws.boxes[:, 2] == draws.boxes[:, 3]).all()


def test_the_card_says_the_mix_and_its_largest_share_as_chance(micro, tmp_path):
    scale, run = setting(micro, "vcp", options_of("vcp", "fame"))
    assert build_method(scale, run, WORLD).chance(8) == 0.2
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    mix = card["label_mix"]
    assert list(mix) == list(OPTIONS) and sum(mix.values()) == pytest.approx(1, abs=1e-3)
    # Sixteen frames have no room for a clip elsewhere.
    assert mix["remote"] == 0
    assert card["chance"] == max(mix.values()) >= 0.25
    assert card["video_lengths"]["fits"] == 1


def test_backbones_that_cannot_serve_are_refused(micro):
    model = build_method(*setting(micro, "vcp", options_of("vcp", "fame")), WORLD)
    with pytest.raises(FameError, match=r"swaps quarters of a clip.* 7 frames.*multiple of 4"):
        model.sampling(7, 2)
    odd = {"backbones.r2plus1d.size": 15}
    with pytest.raises(FameError, match="'vcp' cuts views into quadrants"):
        build_method(*setting(micro, "vcp", options_of("vcp", "fame"), odd), WORLD)
