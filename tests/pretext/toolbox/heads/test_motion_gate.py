"""The motion block: still maps are not amplified, moving ones are by their change."""

import torch

from fame.pretext.toolbox.heads.motion_gate import MotionGate


def unchanging(gate):
    """A local convolution that passes its input on."""
    gate.local.weight.data.zero_()
    gate.local.weight.data[:, :, 0, 1, 1] = 1
    return gate


def test_still_maps_pass_unchanged():
    gate = unchanging(MotionGate(4))
    still = torch.rand(2, 4, 1, 3, 3).expand(-1, -1, 5, -1, -1)
    torch.testing.assert_close(gate(still), still.contiguous())


def test_the_gate_by_hand():
    gate = unchanging(MotionGate(2)).eval()
    gate.reduce[0].weight.data = torch.ones_like(gate.reduce[0].weight)
    gate.expand[0].weight.data = torch.tensor([[[1.0]], [[-1.0]]])
    maps = torch.tensor([1.0, 3.0, 2.0]).view(1, 1, 3, 1, 1).repeat(1, 2, 1, 1, 1)
    # Changes of the sum of both channels: 4, -2, and 0 at the end (eps of BatchNorm aside).
    change = torch.tensor([4.0, -2.0, 0.0])
    factor = 0.5 + torch.stack([change, -change]).sigmoid()
    expected = maps * factor[None, :, :, None, None]
    torch.testing.assert_close(gate(maps), expected, rtol=1e-4, atol=1e-4)


def test_a_single_moment_does_not_move():
    maps = torch.rand(4, 32, 1, 2, 2)
    torch.testing.assert_close(MotionGate(32)(maps), maps)
