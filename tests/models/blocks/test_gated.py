"""The gates of S3D-G, and what a block of them says before its ReLUs."""

import numpy as np
import torch
from torch import nn

from fame.models.blocks.gated import Gate, GatedMixed


def test_a_gate_against_numpy():
    torch.manual_seed(0)
    gate, x = Gate(5), torch.randn(2, 5, 3, 4, 2)
    weight, bias = gate.fc.weight.detach().numpy(), gate.fc.bias.detach().numpy()
    values = x.numpy()
    expected = np.empty_like(values)
    for clip in range(2):
        mean = np.array([values[clip, channel].mean() for channel in range(5)])
        factors = 1 / (1 + np.exp(-(weight @ mean + bias)))
        for channel in range(5):
            expected[clip, channel] = factors[channel] * values[clip, channel]
    np.testing.assert_allclose(gate(x).detach().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_an_open_gate_passes_everything_and_a_closed_one_nothing():
    gate, x = Gate(3), torch.rand(2, 3, 2, 2, 2) + 1
    nn.init.zeros_(gate.fc.weight)
    nn.init.constant_(gate.fc.bias, 100)
    assert torch.equal(gate(x), x)
    nn.init.constant_(gate.fc.bias, -100)
    assert gate(x).max() < 1e-30


def test_a_block_is_the_positive_part_of_its_signed_map():
    torch.manual_seed(0)
    block = GatedMixed(6, (4, 3, 5, 2, 3, 4)).eval()
    x = torch.rand(2, 6, 3, 4, 4)
    with torch.no_grad():
        out, signed = block(x), block.signed(x)
    assert out.shape == (2, 4 + 5 + 3 + 4, 3, 4, 4)
    assert torch.equal(signed.relu(), out)
    assert (signed < 0).any()
