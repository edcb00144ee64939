"""ASCNet: its losses by hand, its partners, its targets, and what its card says."""

import pytest
import torch
from method_runs import WORLD, built, options_of, setting
from torch import nn

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.pretext.toolbox.draws.speeds import PairedSpeeds
from fame.train.pretrain import build_method, pretrain

OWN, FAME = options_of("ascnet", "own"), options_of("ascnet", "fame")
IN_BATCH = {"pretrain.methods.moco.queue": {"kinetics400": 0, "ucf101": 0}}


class Given(nn.Module):
    """A module with a prepared output."""

    def __init__(self, output):
        super().__init__()
        self.output = output

    def forward(self, _):
        return self.output


def by_hand(micro, weight=1.0):
    """A model of which every vector is given; four videos, two of each kind."""
    model, batch = built(micro, "ascnet", FAME | {"weight": weight}, IN_BATCH)
    turn = torch.tensor([[1.0, 0.0], [0.6, 0.8]])  # of both clips of a video, predicted looks
    looks = torch.tensor([[0.0, 1.0], [0.8, 0.6]])  # their targets, crossed: D = .4 each
    speeds = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # by speed, the same in all videos
    model.network = Given(torch.zeros(16, 4))
    model.slow = Given(torch.cat([looks, speeds], dim=1).repeat(8, 1))
    told = torch.tensor([[0.6, 0.8], [0.6, 0.8]])  # predicted speeds: D = .8 and .4
    model.predictors = nn.ModuleList([Given(turn.repeat(8, 1)), Given(told.repeat(8, 1))])
    return model.loss(batch, 0)


def test_the_loss_by_hand(micro):
    loss, scalars = by_hand(micro)
    assert scalars["appearance_loss"].item() == pytest.approx(0.4, rel=1e-5)
    assert scalars["speed_loss"].item() == pytest.approx(0.6, rel=1e-5)
    assert loss.item() == pytest.approx(1.0, rel=1e-5)
    assert by_hand(micro, 0.5)[0].item() == pytest.approx(0.7, rel=1e-5)


def test_the_speeds_loss_waits_for_a_full_bank(micro):
    queue = {"pretrain.methods.moco.queue": {"kinetics400": 16, "ucf101": 0}}
    model, batch = built(micro, "ascnet", FAME, queue)
    found = [model.loss(batch, step)[1]["speed_loss"].item() for step in range(3)]
    assert found[0] == found[1] == 0
    # All entries are of the batch's own videos: each has the partner of another one.
    assert found[2] > 0
    assert model.partners[0].bank.videos.tolist() == batch.indices.tolist() * 2


def test_each_speed_has_a_bank_of_its_own(micro):
    model, batch = built(micro, "ascnet", FAME)
    model.loss(batch, 0)
    single, double = (bank.bank.vectors for bank in model.partners)
    assert single.any() and double.any() and not torch.equal(single, double)


def test_a_slow_copy_follows_and_rises_to_one(micro):
    model, batch = built(micro, "ascnet", FAME | {"momentum": 0.5})
    (fast, slow) = (next(net.heads.parameters()) for net in (model.network, model.slow))
    with torch.no_grad():
        fast += 1
    before = slow.clone()
    model.loss(batch, 0)
    torch.testing.assert_close(slow - before, torch.full_like(slow, 0.5))
    batch.epochs[:] = 1  # of two: halfway to 1
    before = slow.clone()
    model.loss(batch, 0)
    torch.testing.assert_close(slow - before, 0.25 * (fast - before))


def test_shared_targets_are_the_networks_own(micro):
    model, batch = built(micro, "ascnet", FAME | {"target": "shared"})
    assert not hasattr(model, "slow") and model.cost() == (2, 0)
    loss, _ = model.loss(batch, 0)
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.network.parameters())


def test_heads_are_byols_or_the_scales(micro):
    own, fame = (build_method(*setting(micro, "ascnet", one), WORLD) for one in (OWN, FAME))
    assert own.network.heads[0][0].out_features == OWN["hidden"]
    assert own.predictors[1][0].in_features == own.predictors[1][3].out_features == OWN["dim"]
    assert fame.network.heads[0][0].out_features == fame.encoder.feature_dim
    assert fame.network.heads[1][3].out_features == 16


def test_the_card_says_that_it_is_a_reconstruction(micro, tmp_path):
    scale, run = setting(micro, "ascnet", FAME)
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    assert card["remarks"][0].startswith("a reconstruction: no code was found")
    assert card["negatives"] == "none" and card["chance"] == 1 / 8
    assert card["clips_per_video"] == {"with_gradient": 2, "without_gradient": 2}


def test_the_stride_is_the_recipes(micro):
    model = build_method(*setting(micro, "ascnet", FAME | {"stride": 3}), WORLD)
    assert model.sampling(16, 5) == PairedSpeeds(16, 3) and model.span(16, 5) == 96


@pytest.mark.parametrize(
    "change", [{"stride": 0}, {"weight": -1}, {"target": "x"}, {"momentum": 1}]
)
def test_wrong_options_are_refused(micro, change):
    with pytest.raises(FameError, match=next(iter(change))):
        build_method(*setting(micro, "ascnet", FAME | change), WORLD)
