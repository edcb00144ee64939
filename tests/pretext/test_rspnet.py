"""RSPNet: its loss by hand, what its keys share, its halves and its queue."""

import pytest
import torch
from method_runs import built, options_of, setting
from torch import nn

from fame.core.distributed import World
from fame.pretext.rspnet import RSPNet
from fame.pretext.toolbox.draws.speeds import TwoWindows, three_clips
from fame.train.pretrain import build_method

OWN, FAME = options_of("rspnet", "own"), options_of("rspnet", "fame")


def vector(*cosines):
    """A unit vector with these first coordinates."""
    rest = 1 - sum(value**2 for value in cosines)
    return torch.tensor([*cosines, rest**0.5])


class Given(nn.Module):
    """A network with prepared outputs, one for each call."""

    def __init__(self, *outputs):
        super().__init__()
        self.outputs = list(outputs)

    def forward(self, clips):
        return self.outputs.pop(0).expand(len(clips), -1)


@pytest.mark.parametrize(
    ("temperature", "margin", "total", "cross", "rank"),
    [(0.07, 0.14, 0.571667, 0.000238, 0.571429), (1.0, 2.0, 3.193559, 1.293559, 1.9)],
)
def test_the_loss_by_hand(micro, temperature, margin, total, cross, rank):
    options = OWN | {"temperature": temperature, "margin": margin}
    model, batch = built(micro, "rspnet", options, {"pretrain.methods.moco.shuffle": False})
    base = torch.tensor([1.0, 0.0])
    # Cosines of appearance 0.8 and 0.7, of speed 0.6 and 0.5.
    model.query = Given(torch.cat([base, base]))
    model.key = Given(*(torch.cat([vector(a), vector(m)]) for a, m in ((0.8, 0.6), (0.7, 0.5))))
    model.follow = lambda: None
    model.queue.keys = torch.stack([vector(0.1), vector(-0.2)])
    loss, scalars = model.loss(batch, 0)
    assert loss.item() == pytest.approx(total, abs=2e-6)
    assert cross + rank == pytest.approx(total, abs=1e-6)
    assert scalars["accuracy"].item() == scalars["contrast"].item() == 1
    # The appearance vectors of the other speed are enqueued.
    torch.testing.assert_close(model.queue.keys, vector(0.7).expand(2, 2))


def test_the_keys_share_a_view_and_the_query_has_its_own(micro):
    model, batch = built(micro, "rspnet", FAME)
    batch.clips[:] = batch.clips[:, :1]
    query, key, other = model.views(three_clips(batch, torch.zeros(8, dtype=torch.bool)), 0)
    assert torch.equal(key, other) and not torch.equal(query, key)


def test_half_of_the_global_batch_is_at_double_speed(micro):
    model, _ = built(micro, "rspnet", FAME)
    halves = [model.doubled(8, step) for step in range(200)]
    assert all(half.sum() == 4 for half in halves)
    share = torch.stack(halves).float().mean(dim=0)
    assert (share - 0.5).abs().max() < 4 * 0.5 / 200**0.5
    for rank in range(2):
        part = build_method(*setting(micro, "rspnet", FAME), World(rank, 2, torch.device("cpu")))
        assert torch.equal(part.doubled(4, 7), halves[7][4 * rank : 4 * rank + 4])


def test_only_the_query_has_gradients(micro):
    model, batch = built(micro, "rspnet", FAME)
    before = [parameter.clone() for parameter in model.key.parameters()]
    model.loss(batch, 0)[0].backward()
    assert all(parameter.grad is not None for parameter in model.query.parameters())
    assert all(parameter.grad is None for parameter in model.key.parameters())
    for old, new in zip(before, model.key.parameters(), strict=True):
        torch.testing.assert_close(new, old)
    assert model.cost() == (1, 2)


def test_the_protocols_differ_in_windows_temperature_and_heads(micro):
    own, _ = built(micro, "rspnet", OWN)
    fame, _ = built(micro, "rspnet", FAME)
    assert isinstance(own, RSPNet) and isinstance(fame, RSPNet)
    assert own.sampling(4, 2) == TwoWindows(4, 1, False) and own.span(4, 2) == 8
    assert fame.sampling(4, 2) == TwoWindows(4, 1, True) and fame.span(4, 2) == 8
    assert (own.settings.temperature, fame.settings.temperature) == (0.07, 0.1)
    assert [type(head) for head in own.query.head] == [nn.Linear] * 2
    assert [type(head) for head in fame.query.head] == [nn.Sequential] * 2
    first, second = own.query.head
    assert not torch.equal(first.weight, second.weight)
    assert own.query.encoder is own.encoder
    assert len(own.queue) == 8 and own.queue.keys.shape[1] == own.settings.dim
