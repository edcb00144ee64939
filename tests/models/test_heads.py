"""Heads against NumPy."""

import numpy as np
import pytest
import torch
from torch import nn

from fame.models.heads import projection
from fame.models.seeding import keyed_initialisation


def arrays(module):
    return {key: value.double().numpy() for key, value in module.state_dict().items()}


def keyed(kind):
    with keyed_initialisation(0, "head"):
        return projection(6, 4, kind)


def test_mlp_is_linear_relu_linear():
    head = keyed("mlp")
    x = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    w = arrays(head)
    hidden = np.maximum(x.numpy() @ w["0.weight"].T + w["0.bias"], 0)
    expected = hidden @ w["2.weight"].T + w["2.bias"]
    np.testing.assert_allclose(head(x).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    assert w["0.weight"].shape == (6, 6)


def test_bn_mlp_normalises_before_linear_and_before_relu():
    head = keyed("bn-mlp")
    x = torch.randn(50, 6, generator=torch.Generator().manual_seed(0)) * 3 + 7
    w = arrays(head)

    def normalise(a):
        return (a - a.mean(0)) / np.sqrt(a.var(0) + 1e-5)

    hidden = normalise(normalise(x.double().numpy()) @ w["1.weight"].T + w["1.bias"])
    expected = np.maximum(hidden, 0) @ w["4.weight"].T + w["4.bias"]
    np.testing.assert_allclose(head(x).detach().numpy(), expected, rtol=1e-3, atol=1e-4)


def test_unknown_kind_is_refused():
    with pytest.raises(AssertionError):
        projection(6, 4, "mpl")


def test_heads_can_be_keyed_and_differ_from_the_encoders_draws():
    def built(purpose):
        with keyed_initialisation(5, purpose):
            return nn.Linear(3, 3).weight.detach()

    before = torch.get_rng_state()
    assert torch.equal(built("head"), built("head"))
    assert not torch.equal(built("head"), built("initialisation"))
    assert torch.equal(before, torch.get_rng_state())
