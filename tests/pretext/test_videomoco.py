"""VideoMoCo: its two stages, who is trained by which loss, its decay and its resumption."""

import copy

import pytest
import torch
from method_runs import WORLD, built, losses, options_of, setting
from torch import nn
from torch.nn.functional import normalize

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.data.clips.sampling import RandomClips
from fame.pretext.toolbox.draws.repeated import Repeated
from fame.pretext.toolbox.heads.frame_weights import without_lowest
from fame.train.pretrain import build_method, pretrain

OWN, FAME = options_of("videomoco", "own"), options_of("videomoco", "fame")
FIXED = {
    "pretrain.views.jitter": 0.0,
    "pretrain.views.gray": 0.0,
    "pretrain.views.blur": 0.0,
    "pretrain.methods.moco.queue": {"kinetics400": 0, "ucf101": 0},
}


class Given(nn.Module):
    """A network with prepared outputs, one for each call."""

    def __init__(self, *outputs):
        super().__init__()
        self.outputs = list(outputs)

    def forward(self, clips):
        return self.outputs.pop(0).expand(len(clips), -1) + 0 * clips.sum()


def test_the_generators_loss_by_hand(micro):
    model, batch = built(micro, "videomoco", FAME | {"start": 0})
    model.query = Given(torch.tensor([0.6, 0.8]), torch.tensor([0.0, 1.0]))
    _, against, scalars = model.dropped(model.views(batch, 0)[0])
    assert -100 * scalars["moved"].item() == pytest.approx(-40, abs=1e-4)
    assert against.item() == 0


@pytest.mark.parametrize("protocol", ["own", "fame"])
def test_the_generators_loss_trains_the_generator_only(micro, protocol):
    """Its gradient is that of L_G by plain differentiation; the encoder has none of it."""
    options = options_of("videomoco", protocol, start=0, weight=100)
    model, batch = built(micro, "videomoco", options)
    twin = copy.deepcopy(model)
    view = model.views(batch, 0)[0]
    model.dropped(view)[1].backward()
    clips, _ = without_lowest(view, twin.generator(view), twin.count)
    query = twin.query(clips)
    with torch.no_grad():
        whole = twin.query(view)
    (-100 * (query - whole).abs().mean()).backward()
    pairs = list(zip(model.generator.parameters(), twin.generator.parameters(), strict=True))
    assert sum(theirs.grad.abs().sum() for _, theirs in pairs) > 0
    for ours, theirs in pairs:
        torch.testing.assert_close(ours.grad, theirs.grad)
    assert all(p.grad is None or not p.grad.any() for p in model.query.parameters())


def test_before_its_epoch_the_generator_does_nothing(micro):
    model, batch = built(micro, "videomoco", FAME)  # two epochs: it joins at the second
    assert model.first == 1
    loss, scalars = model.loss(batch, 0)
    loss.backward()
    assert all(p.grad is None for p in model.generator.parameters())
    assert "moved" not in scalars and model.drops.counts.sum() == 0
    later = type(batch)(**{**vars(batch), "epochs": batch.epochs + 1})
    loss, scalars = model.loss(later, 1)
    loss.backward()
    assert scalars["moved"] > 0 and model.drops.counts.sum() == 8
    assert all(p.grad is not None for p in model.generator.parameters())
    assert all(p.grad is not None for p in model.query.parameters())


def test_the_loss_falls_with_dropped_frames_too(micro):
    model, batch = built(micro, "videomoco", FAME | {"start": 0}, FIXED)
    found = losses(model, batch)
    assert sum(found[-5:]) / 5 < 0.8 * sum(found[:3]) / 3


def test_its_draws_stride_head_and_views(micro):
    own = build_method(*setting(micro, "videomoco", OWN), WORLD)
    assert own.sampling(16, 2) == Repeated(RandomClips(16, 1, 1), (0, 0))
    assert own.span(16, 2) == 16 and isinstance(own.query.head, nn.Linear)
    assert own.settings.temperature == 0.07 and own.queue.decay == 0.99999
    assert own.views.settings.jitter == 1 and own.views.settings.flip == 0.5
    fame = build_method(*setting(micro, "videomoco", FAME), WORLD)
    assert fame.sampling(16, 2) == Repeated(RandomClips(16, 2, 1), (0, 0))
    assert fame.count == 1 and fame.queue.decay == pytest.approx(0.98)
    model, batch = built(micro, "videomoco", FAME)
    assert torch.equal(batch.clips[:, 0], batch.clips[:, 1])
    first, second = model.views(batch, 0)
    assert not torch.equal(first, second)
    query = model.query(first)
    torch.testing.assert_close(query, normalize(query, dim=1))


def test_the_state_has_ages_and_generator(micro):
    model, batch = built(micro, "videomoco", FAME | {"start": 0})
    for step in range(2):
        model.loss(batch, step)
    twin = build_method(*setting(micro, "videomoco", FAME | {"start": 0}), WORLD)
    twin.load_state_dict(model.state_dict())
    assert torch.equal(twin.queue.ages, model.queue.ages)
    assert twin.loss(batch, 2)[0].item() == model.loss(batch, 2)[0].item()


@pytest.mark.parametrize("queue", [8, 0])
def test_the_card_says_how_keys_decay_and_which_frames_were_dropped(micro, tmp_path, queue):
    change = {"pretrain.methods.moco.queue": {"kinetics400": queue, "ucf101": 0}}
    scale, run = setting(micro, "videomoco", FAME, change)
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    assert card["decay_per_step"] == (pytest.approx(0.98) if queue else None)
    assert any("nothing decays" in remark for remark in card["remarks"]) == (queue == 0)
    assert sum(card["dropped_frames"].values()) == pytest.approx(1, abs=1e-3)
    assert card["generator_from_epoch"] == 1
    assert card["clips_per_video"] == {"with_gradient": 1, "without_gradient": 2}


@pytest.mark.parametrize(
    "change", [{"drop": 0}, {"start": 2}, {"decay": 0}, {"weight": -1}, {"stride": 0}]
)
def test_wrong_options_are_refused(micro, change):
    with pytest.raises(FameError, match=next(iter(change))):
        build_method(*setting(micro, "videomoco", OWN | change), WORLD)


def test_views_too_small_for_the_generator_are_refused(micro):
    small = {"backbones.r2plus1d.size": 10}
    with pytest.raises(FameError, match=r"views of 11 pixels or more and its backbone has 10"):
        build_method(*setting(micro, "videomoco", FAME, small), WORLD)
