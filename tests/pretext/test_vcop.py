"""Video Clip Order Prediction: orders and labels by plain loops, and the loss by hand."""

import math

import numpy as np
import pytest
import torch
from chosen import Chosen, assert_balanced
from hypothesis import given
from hypothesis import strategies as st
from method_runs import WORLD, built, options_of, setting

from fame.augment.views import Views
from fame.core.errors import FameError
from fame.core.files import read_json
from fame.core.randomness import generator
from fame.pretext.toolbox.draws.spaced import Spaced
from fame.pretext.vcop import ORDERS, Shuffled
from fame.train.pretrain import build_method, pretrain

DRAW = Shuffled(Spaced(16, 1, 8))


def label_of(frames):
    """The rank of the order among all, read off the clips' first frames."""
    starts = [int(clip[0]) for clip in frames]
    order = tuple(sorted(starts).index(start) for start in starts)
    return sorted(ORDERS).index(order)


def test_labels_are_lexicographic_ranks_of_the_slots_originals():
    assert ["".join(map(str, order)) for order in ORDERS] == [
        "012",
        "021",
        "102",
        "120",
        "201",
        "210",
    ]
    drawn = DRAW(80, Chosen(5, 4))
    assert drawn.frames[:, 0].tolist() == [53, 5, 29]
    assert drawn.labels.tolist() == [4, 0]


@given(st.integers(48, 300), st.integers(0, 999))
def test_the_label_is_the_order_of_the_frames(n, seed):
    drawn = DRAW(n, np.random.default_rng(seed))
    assert drawn.labels[0] == label_of(drawn.frames)
    assert (np.diff(drawn.frames) == 1).all()


def test_orders_are_balanced_and_starts_tell_nothing_of_them():
    drawn = [DRAW(100, generator(0, "clip-starts", 0, video)) for video in range(3000)]
    labels = np.array([one.labels[0] for one in drawn])
    assert_balanced(labels, 6)
    firsts = np.array([one.frames.min() for one in drawn])
    means = [firsts[labels == label].mean() for label in range(6)]
    assert max(abs(mean - 18) for mean in means) < 4 * 10.7 / math.sqrt(450)


@pytest.mark.parametrize("protocol", ["own", "fame"])
def test_the_loss_is_the_cross_entropy_of_the_drawn_orders(micro, protocol):
    model, batch = built(micro, "vcop", options_of("vcop", protocol))
    expected = [label_of(frames) for frames in batch.frames]
    model.head.linear.weight.data.zero_()
    model.head.linear.bias.data = torch.tensor([2.0, 0, 0, 0, 0, 0])
    loss, scalars = model.loss(batch, 0)
    wrong = math.log(math.exp(2) + 5)
    by_hand = sum(wrong - (0 if label else 2) for label in expected) / 8
    assert loss.item() == pytest.approx(by_hand, rel=1e-6)
    assert scalars["accuracy"].item() == expected.count(0) / 8


def test_its_own_views_are_plain_and_those_of_fame_the_scales(micro):
    model, batch = built(micro, "vcop", options_of("vcop", "own"))
    own = model.views(batch, 0)
    assert len(own) == 3 and own[0].shape == (8, 3, 4, 16, 16)
    assert min(view.min() for view in own) >= 0 and max(view.max() for view in own) <= 1
    model, batch = built(micro, "vcop", options_of("vcop", "fame"))
    assert isinstance(model.views, Views)


def test_stride_and_gap_are_the_recipes(micro):
    options = options_of("vcop", "fame", stride=2, gap=0.25)
    model = build_method(*setting(micro, "vcop", options), WORLD)
    assert model.sampling(16, 5) == Shuffled(Spaced(16, 2, 8))
    assert model.span(16, 5) == 96


def test_dropout_changes_the_logits_of_the_same_videos_in_another_epoch_only(micro):
    plain, batch = built(micro, "vcop", options_of("vcop", "fame", dropout=0))
    model, _ = built(micro, "vcop", options_of("vcop", "fame"))
    with_dropout = [model.loss(batch, 0)[0].item() for _ in range(2)]
    assert with_dropout[0] == with_dropout[1] != plain.loss(batch, 0)[0].item()


def test_the_card_says_what_became_of_short_videos(micro, tmp_path):
    scale, run = setting(micro, "vcop", options_of("vcop", "fame", stride=2))
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    assert card["video_lengths"] == {"fits": 0, "smaller_gap": 0, "looped": 1}
    assert card["looped_videos"] == 1
    assert card["chance"] == pytest.approx(1 / 6)
    assert card["clips_per_video"] == {"with_gradient": 3, "without_gradient": 0}


@pytest.mark.parametrize("change", [{"stride": 0}, {"gap": -1}, {"dropout": 1}])
def test_wrong_options_are_refused(micro, change):
    with pytest.raises(FameError, match=next(iter(change))):
        build_method(*setting(micro, "vcop", options_of("vcop", "own", **change)), WORLD)
