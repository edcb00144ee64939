"""DSM: its loss by hand, its clips and its warped query."""

import copy

import pytest
import torch
from method_runs import WORLD, built, options_of, setting
from torch import nn
from torch.nn.functional import normalize

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.pretext.toolbox.draws.frame_edits import EditedAgain
from fame.pretext.toolbox.draws.two_times import TwoTimes
from fame.train.pretrain import build_method, pretrain

OWN, FAME = options_of("dsm", "own"), options_of("dsm", "fame")
EQUAL = 0.5**0.5
Q = torch.tensor([[0.6, 0.8], [1.0, 0.0]])
K = torch.tensor([[0.8, 0.6], [EQUAL, EQUAL]])
U = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
QUEUE = torch.tensor([[1.0, 0.0], [0.0, -1.0], [-EQUAL, -EQUAL]])


class Given(nn.Module):
    """A network with prepared outputs, one for each call; keeps its inputs."""

    def __init__(self, *outputs):
        super().__init__()
        self.outputs, self.seen = list(outputs), []

    def forward(self, clips):
        self.seen.append(clips)
        return self.outputs.pop(0)


def prepared(micro, temperature=0.07, protocol="own"):
    """The model with outputs for two videos by hand, and a batch of two."""
    options = options_of("dsm", protocol)
    if protocol == "own":
        options["temperature"] = temperature
    model, batch = built(micro, "dsm", options, {"pretrain.methods.moco.shuffle": False})
    batch = type(batch)(**{name: value[:2] for name, value in vars(batch).items()})
    other = copy.deepcopy(U).requires_grad_()
    model.query, model.key = Given(Q.clone().requires_grad_(), other), Given(K)
    model.follow = lambda: None
    model.queue.keys = QUEUE.clone()
    return model, batch, other


@pytest.mark.parametrize(("temperature", "expected"), [(0.5, 0.979050), (0.07, 2.150726)])
def test_the_loss_by_hand(micro, temperature, expected):
    model, batch, other = prepared(micro, temperature)
    loss, scalars = model.loss(batch, 0)
    assert loss.item() == pytest.approx(expected, abs=2e-5)
    # Most like the first video's query is its key; like the second's, a key of the queue.
    assert scalars["contrast"].item() == 0.5 and scalars["accuracy"].item() == 1
    loss.backward()
    assert other.grad.abs().sum() > 0
    # Of the keys only the positives are enqueued.
    torch.testing.assert_close(model.queue.keys[:2], K)


@pytest.mark.parametrize("protocol", ["own", "fame"])
def test_the_query_is_warped_and_nothing_else(micro, protocol):
    model, batch, _ = prepared(micro, protocol=protocol)
    clip, clean, elsewhere = model.views(batch, 3)
    model.loss(batch, 3)
    first, second = model.query.seen
    assert torch.equal(first, model.warp(clip, batch))
    assert torch.equal(second, elsewhere) and torch.equal(model.key.seen[0], clean)
    if protocol == "fame":  # at 16 pixels, displacements of whole pixels are all 0
        assert not torch.equal(first, clip)


def test_its_draws_stride_head_and_views(micro):
    own = build_method(*setting(micro, "dsm", OWN), WORLD)
    assert own.sampling(16, 2) == TwoTimes(16, 4) and own.span(16, 2) == 64
    assert isinstance(own.query.head, nn.Linear) and own.settings.temperature == 0.07
    fame = build_method(*setting(micro, "dsm", FAME), WORLD)
    assert fame.sampling(16, 2) == TwoTimes(16, 2) and fame.span(16, 2) == 32
    assert isinstance(fame.query.head, nn.Sequential) and fame.settings.temperature == 0.1
    edit = build_method(*setting(micro, "dsm", FAME | {"temporal": "edit"}), WORLD)
    assert edit.sampling(16, 2) == EditedAgain(16, 2)
    with pytest.raises(FameError, match="clips of 2 frames or more"):
        fame.sampling(1, 2)


def test_networks_give_unit_vectors_of_the_scales_size(micro):
    for options in (OWN, FAME):
        model, batch = built(micro, "dsm", options)
        views = model.views(batch, 0)
        query, key = model.query(views[0]), model.key(views[0])
        assert query.shape == (8, 16)
        torch.testing.assert_close(query, normalize(query, dim=1))
        torch.testing.assert_close(query, key)
        assert all(not p.requires_grad for p in model.key.parameters())


@pytest.mark.parametrize("temporal", ["other-time", "edit"])
def test_the_card_says_what_the_negatives_are(micro, tmp_path, temporal):
    scale, run = setting(micro, "dsm", FAME | {"temporal": temporal})
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    what = "another time of the video" if temporal == "other-time" else "the clip with edited"
    assert card["negatives"].startswith(f"queue of 8 and {what}")
    assert sum(card["own_negatives"].values()) == pytest.approx(1)
    assert any("not call" in remark for remark in card["remarks"]) == (temporal == "edit")
    assert card["chance"] == 0.5
    assert card["clips_per_video"] == {"with_gradient": 2, "without_gradient": 1}


def test_negatives_with_the_querys_own_pictures_are_counted(micro):
    model, batch, _ = prepared(micro)
    batch.clips[1] = batch.clips[1, :1]
    batch.clips[0, 2] = 255 - batch.clips[0, 0]
    model.loss(batch, 0)
    assert model.pictures.shares() == {"other": 0.5, "same": 0.5}


@pytest.mark.parametrize("change", [{"warps": 0}, {"temporal": "later"}, {"stride": 0}])
def test_wrong_options_are_refused(micro, change):
    with pytest.raises(FameError, match=next(iter(change))):
        build_method(*setting(micro, "dsm", OWN | change), WORLD)
