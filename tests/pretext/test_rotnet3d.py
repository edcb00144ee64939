"""3DRotNet: turns of finished square views, labels and losses by hand."""

import pytest
import torch
from method_runs import WORLD, built, options_of, setting
from torch import nn

from fame.core.errors import FameError
from fame.data.clips.sampling import RandomClips
from fame.pretext.toolbox.keyed import orders
from fame.pretext.toolbox.views.rearranged import rearranged
from fame.train.pretrain import build_method

OWN, FAME = options_of("rotnet3d", "own"), options_of("rotnet3d", "fame")
PLAIN = {f"pretrain.views.{name}": 0.0 for name in ("gray", "jitter", "blur")}


def fixed(model, logits):
    """The method with the same logits for every clip."""
    last = model.head if isinstance(model.head, nn.Linear) else model.head[-1]
    nn.init.zeros_(last.weight)
    last.bias.data = torch.tensor(logits)
    return model


@pytest.mark.parametrize("options", [OWN, FAME], ids=["own", "fame"])
def test_the_loss_over_all_turns_by_hand(micro, options):
    model, batch = built(micro, "rotnet3d", options)
    loss, scalars = fixed(model, [2.0, 0, 0, 0]).loss(batch, 0)
    assert loss.item() == pytest.approx(1.840753, abs=1e-5)
    assert scalars["accuracy"].item() == 0.25
    assert fixed(model, [0.0] * 4).loss(batch, 0)[0].item() == pytest.approx(1.386294, abs=1e-5)
    assert model.cost() == (4, 0) and model.chance(8) == 0.25


def test_the_encoder_sees_every_turn_of_each_view(micro):
    model, batch = built(micro, "rotnet3d", FAME)
    given = []
    model.encoder.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    model.loss(batch, 0)
    (view,) = model.views(batch, 0)
    turns = orders(0, "turns", batch, 4)
    for row in range(8):
        for place in range(4):
            expected = rearranged(view[row : row + 1], turns[row, place : place + 1])[0]
            assert torch.equal(given[0][4 * row + place], expected)


def test_fewer_turns_are_balanced_and_unlike(micro):
    model, batch = built(micro, "rotnet3d", FAME | {"turns": 1})
    assert model.cost() == (1, 0)
    counts = torch.zeros(4)
    for start in range(0, 2000, 8):
        batch.indices.copy_(torch.arange(8) + start)
        counts += torch.bincount(orders(0, "turns", batch, 4)[:, 0], minlength=4)
    assert ((counts - 500) ** 2 / 500).sum() < 16.3  # chi-square of 3 degrees, p = 0.001
    assert 0 <= model.loss(batch, 0)[1]["accuracy"] <= 1


@pytest.mark.parametrize("options", [OWN, FAME], ids=["own", "fame"])
def test_crops_are_square(micro, options):
    """A squeezed view would show a quarter turn."""
    model, batch = built(micro, "rotnet3d", options)
    boxes = model.views.draws(batch)[0].boxes
    assert torch.equal(boxes[:, 2], boxes[:, 3])


def test_own_has_no_colours_and_its_stride(micro):
    model, batch = built(micro, "rotnet3d", OWN | {"stride": 3})
    plain, _ = built(micro, "rotnet3d", FAME, PLAIN)
    assert torch.equal(model.views(batch, 0)[0], plain.views(batch, 0)[0])
    assert model.sampling(4, 2) == RandomClips(4, 3, 1) and model.span(4, 2) == 12
    assert plain.sampling(4, 2) == RandomClips(4, 2, 1) and plain.span(4, 2) == 8
    assert [type(part) for part in model.head] == [nn.Linear, nn.ReLU, nn.Linear]
    assert model.head[0].out_features == 64


@pytest.mark.parametrize("turns", [0, 5])
def test_there_are_four_turns(micro, turns):
    with pytest.raises(FameError, match="turns"):
        build_method(*setting(micro, "rotnet3d", FAME | {"turns": turns}), WORLD)
