"""GDT's projection."""

from types import SimpleNamespace

import torch

from fame.pretext.toolbox.heads.dropout_head import LAYERS, SENSES, DropoutHead, dropout
from fame.pretext.toolbox.keyed import kept


def test_both_layers_lose_what_the_draw_says():
    head, features = DropoutHead(6, 4).eval(), torch.randn(3, 6)
    whole = head(features, torch.ones(3, 2, 6))
    assert whole.shape == (3, 4)
    assert torch.equal(head(features, torch.zeros(3, 2, 6)), head.last.bias.expand(3, 4))
    keep = torch.ones(3, 2, 6)
    keep[0, 0, 2] = keep[1, 1] = 0
    changed = features.clone()
    changed[0, 2] = 0
    found = head(features, keep)
    assert torch.equal(found[0], head(changed, torch.ones(3, 2, 6))[0])
    assert torch.equal(found[2], whole[2]) and torch.equal(found[1], head.last.bias)


def test_it_has_the_released_layers():
    shapes = {name: tuple(value.shape) for name, value in DropoutHead(512, 256).named_parameters()}
    assert shapes == {
        "first.weight": (512, 512),
        "norm.weight": (512,),
        "norm.bias": (512,),
        "last.weight": (256, 512),
        "last.bias": (256,),
    }


def test_factors_are_drawn_for_each_clip_sense_and_layer_of_a_video():
    batch = SimpleNamespace(epochs=torch.tensor([0, 0]), indices=torch.tensor([3, 7]))
    found = dropout(5, batch, 2, 6, 0.3)
    assert found.shape == (4, SENSES, LAYERS, 6)
    drawn = kept(5, batch, 2 * SENSES * LAYERS * 6, 0.3)
    for video in range(2):
        assert torch.equal(found[2 * video : 2 * video + 2].flatten(), drawn[video])
    assert torch.equal(dropout(5, batch, 2, 6, 0.0), torch.ones_like(found))
