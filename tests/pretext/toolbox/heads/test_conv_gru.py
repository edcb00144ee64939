"""MemDPC's recurrent unit."""

import pytest
import torch

from fame.pretext.toolbox.heads.conv_gru import ConvGRU, orthogonal


def scalar():
    """A unit of one channel with the weights of the specification's example."""
    gru = ConvGRU(1, 1.0)
    weights = {"update": (0.2, 0.4), "reset": (0.1, -0.3), "out": (0.5, 0.7)}
    for name, pair in weights.items():
        getattr(gru, name).weight.data = torch.tensor(pair).view(1, 2, 1, 1)
    return gru


def test_a_step_by_hand():
    state = scalar()(torch.ones(1, 1, 1, 1), torch.full((1, 1, 1, 1), 0.5))
    assert state.item() == pytest.approx(0.551123, abs=1e-6)


def test_places_do_not_mix():
    torch.manual_seed(0)
    gru = ConvGRU(3, 1.0)
    x, state = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)
    whole = gru(x, state)
    assert whole.shape == (2, 3, 4, 5)
    place = gru(x[..., 1:2, 2:3], state[..., 1:2, 2:3])
    torch.testing.assert_close(whole[..., 1:2, 2:3], place)


def test_weights_start_orthogonal_and_without_biases():
    gru = ConvGRU(4, 0.1)
    for part in gru.children():
        rows = part.weight.flatten(1)
        torch.testing.assert_close(rows @ rows.T, 0.01 * torch.eye(4))
        assert not part.bias.any()
    assert orthogonal(gru, 1.0) is gru
