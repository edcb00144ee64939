"""MemDPC: its loss, what it reads, and what it refuses."""

import pytest
import torch
from method_runs import WORLD, built, options_of, setting
from torch.nn.functional import cross_entropy

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.data.clips.sampling import RandomClips
from fame.pretext.toolbox.heads.blocks import continued
from fame.pretext.toolbox.losses.dense import dense_scores
from fame.train.pretrain import build_method, pretrain

OWN, FAME = options_of("memdpc", "own"), options_of("memdpc", "fame")


def test_the_loss_is_the_sum_over_both_directions(micro):
    model, batch = built(micro, "memdpc", OWN | {"dropout": 0.0})
    given = []
    maps_of = model._maps
    model._maps = lambda clips: given.append(maps_of(clips)) or given[0]
    loss, scalars = model.loss(batch, 0)
    (maps,) = given
    assert maps.shape == (8, 4, model.encoder.feature_dim, 1, 1) and maps.min() < 0
    keep, expected = maps.new_ones(8, 3, *maps.shape[2:]), 0
    for gru, way in ((model.ahead, maps), (model.back, maps.flip(1))):
        predicted = continued(gru, model.memory, way, keep, 2)
        expected = expected + cross_entropy(*dense_scores(predicted, way[:, -2:]))
    torch.testing.assert_close(loss, expected)
    assert set(scalars) == {"contrast", "accuracy"}


@pytest.mark.parametrize("options", [OWN, FAME], ids=["own", "fame"])
def test_everything_learns_targets_too(micro, options):
    model, batch = built(micro, "memdpc", options)
    given = []
    maps_of = model._maps

    def spied(clips):
        given.append(maps_of(clips))
        given[0].retain_grad()
        return given[0]

    model._maps = spied
    model.loss(batch, 0)[0].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), name
    (maps,) = given
    assert maps.grad.flatten(2).any(dim=2).all()


def test_own_is_the_encoders_signed_map(micro):
    model, batch = built(micro, "memdpc", OWN)
    assert model.project is None and model.views._by_frame
    (clips,) = model.views(batch, 0)
    block = clips[:, :, 2:4]
    model.eval()
    with torch.no_grad():
        one, found = model.encoder.signed(block).mean(dim=2), model._maps(clips)
    torch.testing.assert_close(found[:, 1], one)


def test_under_fame_maps_are_projected_with_a_bias(micro):
    model, batch = built(micro, "memdpc", FAME | {"channels": 12})
    assert model.project.bias is not None and not model.views._by_frame
    (clips,) = model.views(batch, 0)
    assert model._maps(clips).shape == (8, 4, 12, 1, 1)
    assert model.memory.slots.shape == (1024, 12)


def test_dropout_is_keyed_and_of_training_only(micro):
    model, batch = built(micro, "memdpc", OWN | {"dropout": 0.5})
    maps = torch.zeros(8, 4, 3, 2, 1)
    keep = model._keep(batch, maps)
    assert keep.shape == (8, 2, 3, 3, 2, 1) and set(keep.flatten().tolist()) == {0.0, 2.0}
    assert torch.equal(keep, model._keep(batch, maps))
    model.eval()
    assert (model._keep(batch, maps) == 1).all()


def test_clips_and_chance(micro):
    own, fame = (build_method(*setting(micro, "memdpc", one), WORLD) for one in (OWN, FAME))
    assert own.sampling(40, 7) == RandomClips(40, OWN["stride"], 1)
    assert fame.sampling(16, 7) == RandomClips(16, 7, 1) and fame.span(16, 7) == 112
    assert own.chance(8) == 1 / 16 and own.cost() == (1, 0)


def test_the_card_has_the_blocks(micro, tmp_path):
    scale, run = setting(micro, "memdpc", OWN)
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    assert card["blocks"] == 4 and card["negatives"] == "in-batch"
    assert card["metrics"].keys() >= {"contrast", "accuracy"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"length": 3}, "needs 9 frames .* its backbone's clips have 8; raise `frames`"),
        ({"predicted": 4}, "needs 10 frames to read a block of 2 and predict 4"),
        ({"length": 3, "predicted": 1}, "cannot cut clips of 8 frames into blocks of 3"),
        ({"slots": 0}, "slots"),
        ({"dropout": 1}, "dropout"),
    ],
)
def test_clips_that_do_not_fit_and_wrong_options_are_refused(micro, change, words):
    with pytest.raises(FameError, match=words):
        build_method(*setting(micro, "memdpc", OWN | change), WORLD)
