"""TempTrans: labels of slots and speeds, the two losses by hand, and its own views."""

import math

import pytest
import torch
from method_runs import WORLD, built, options_of, setting

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.pretext.toolbox.draws.four_clips import FourClips
from fame.train.pretrain import build_method, pretrain

BOTH = pytest.mark.parametrize("protocol", ["own", "fame"])


@BOTH
def test_a_uniform_guess_costs_the_log_of_both_numbers_of_labels(micro, protocol):
    model, batch = built(micro, "temptrans", options_of("temptrans", protocol))
    model.linear.weight.data.zero_()
    assert model.loss(batch, 0)[0].item() == pytest.approx(2.772589, abs=1e-6)


@BOTH
def test_the_loss_by_hand(micro, protocol):
    model, batch = built(micro, "temptrans", options_of("temptrans", protocol))
    model.linear.weight.data.zero_()
    model.linear.bias.data = torch.tensor([0, 0, 3.0, 0, 0, 2.0, 0, 0])
    loss, scalars = model.loss(batch, 0)
    speeds = batch.frames[:, 0].diff(dim=1)[:, 0].log2().tolist()
    assert speeds == batch.drawn[:, 0].tolist()
    kinds = math.log(math.exp(3) + 3) - 3 / 4
    fast = math.log(math.exp(2) + 3) - 2 * speeds.count(1) / 8
    assert loss.item() == pytest.approx(kinds + fast, rel=1e-6)
    assert scalars["accuracy"].item() == 0.25
    assert scalars["speed"].item() == speeds.count(1) / 8


def test_slots_are_told_apart_and_speeds_read_off_the_first_two_only(micro):
    model, batch = built(micro, "temptrans", options_of("temptrans", "fame", batchnorm=False))
    model.linear.weight.data.zero_()
    logits = torch.zeros(8, 4, 8)
    logits[:, range(4), range(4)] = 50
    logits[torch.arange(8), :2, 4 + batch.drawn[:, 0]] = 50
    logits[:, 2:, 4:] = torch.randn(8, 2, 4, generator=torch.Generator().manual_seed(0))
    model.linear.forward = lambda features: logits.flatten(0, 1)
    loss, scalars = model.loss(batch, 0)
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert scalars["accuracy"] == scalars["speed"] == 1


def test_clips_are_encoded_video_by_video_so_that_groups_are_mixed(micro):
    model, batch = built(micro, "temptrans", options_of("temptrans", "fame"))
    seen = []
    model.encoder.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    model.loss(batch, 0)
    (clips,) = seen
    for slot, view in enumerate(model.views(batch, 0)):
        assert torch.equal(clips[slot::4], view)


def test_its_own_views_are_in_minus_one_to_one_and_coloured_frame_by_frame(micro):
    model, batch = built(micro, "temptrans", options_of("temptrans", "own"))
    batch.clips[:] = batch.clips[:, :, :, :1]
    views = model.views(batch, 0)
    assert min(view.min() for view in views) >= -1 and max(view.max() for view in views) <= 1
    assert min(view.min() for view in views) < -0.3
    assert all((view[:, :, 1:] != view[:, :, :1]).any() for view in views)
    scales, _ = built(micro, "temptrans", options_of("temptrans", "fame"))
    assert all((view[:, :, 1:] == view[:, :, :1]).all() for view in scales.views(batch, 0))


def test_the_linear_layer_starts_small_and_batchnorm_is_an_option(micro):
    model, _ = built(micro, "temptrans", options_of("temptrans", "fame"))
    assert 0.0007 < model.linear.weight.std().item() < 0.0013
    assert (model.linear.bias == 0).all() and model.norm is not None
    plain, _ = built(micro, "temptrans", options_of("temptrans", "fame", batchnorm=False))
    assert plain.norm is None
    assert torch.equal(plain.linear.weight, model.linear.weight)


def test_doublings_set_the_speeds(micro):
    model, _ = built(micro, "temptrans", options_of("temptrans", "fame", doublings=1))
    assert model.sampling(16, 2) == FourClips(16, 1)
    assert model.span(16, 2) == 16
    assert model.linear.out_features == 4 + 2


def test_the_card_says_the_mix_of_speeds(micro, tmp_path):
    scale, run = setting(micro, "temptrans", options_of("temptrans", "fame"))
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    mix = card["label_mix"]
    assert list(mix) == ["speed_1", "speed_2", "speed_4", "speed_8"]
    assert mix["speed_8"] == 0 and mix["speed_4"] > 0
    assert card["chance"] == 0.25 and card["speed_chance"] == max(mix.values())
    assert card["clips_per_video"] == {"with_gradient": 4, "without_gradient": 0}


def test_clips_too_short_to_turn_back_are_refused(micro):
    model = build_method(*setting(micro, "temptrans", options_of("temptrans", "fame")), WORLD)
    with pytest.raises(FameError, match="'temptrans' needs clips of 4 frames"):
        model.sampling(3, 2)
