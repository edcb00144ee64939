"""S3D-G: names and sizes of Pace's public code, and a plain transcription."""

import pytest
import torch
from encoder_checks import declared, on_meta, parameters, scrambled, stage_shapes
from torch.nn import functional as F

from fame.models import build_encoder
from fame.models.blocks.gated import Gate

NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
SEPARABLE = ("conv_2c", "conv_b1_b", "conv_b2_b")
BLOCKS = ("3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c")


def sized(width, time_stride=2):
    return {"arch": "s3dg", "width": width, "time_stride": time_stride}


def unit(name):
    numbers = (1, 2) if name.endswith(SEPARABLE) else (1,)
    for number in numbers:
        yield from (f"{name}.conv{number}.weight", *(f"{name}.bn{number}.{key}" for key in NORM))


def test_keys_are_those_of_the_public_code():
    expected = [*unit("conv1"), *unit("conv_2b"), *unit("conv_2c")]
    expected += ["gating.fc.weight", "gating.fc.bias"]
    for block in BLOCKS:
        for branch in ("b0", "b1_a", "b1_b", "b2_a", "b2_b", "b3_b"):
            expected += unit(f"mixed_{block}.conv_{branch}")
        for branch in range(4):
            expected += [f"mixed_{block}.gating_b{branch}.fc.{key}" for key in ("weight", "bias")]
    assert list(on_meta(sized(64)).state_dict()) == expected


def test_published_size():
    encoder = on_meta(sized(64))
    gates = [part for part in encoder.modules() if isinstance(part, Gate)]
    assert len(gates) == 9 * 4 + 1
    gating = sum(p.numel() for gate in gates for p in gate.parameters())
    # S3D's 7,910,048, with a plain stem instead of a separable one, and the gates.
    plain, factorised = 64 * 3 * 3 * 49, 64 * 3 * 49 + 64 * 64 * 7 + 2 * 64
    assert parameters(sized(64)) == 7_910_048 + plain - factorised + gating == 9_125_072


def test_stages_of_published_clips():
    sizes = [(64, 32, 112), (192, 32, 56), (480, 32, 28), (832, 16, 14), (1024, 8, 7)]
    assert stage_shapes(sized(64), 64, 224, 224) == [(c, t, s, s) for c, t, s in sizes]
    kept = [(c, 64, s, s) for c, _, s in sizes]
    assert stage_shapes(sized(64, time_stride=1), 64, 224, 224) == kept
    assert stage_shapes(sized(8), 9, 33, 47)[-1] == (128, 2, 2, 2)
    assert stage_shapes(sized(8), 1, 1, 1)[-1] == (128, 1, 1, 1)


class Transcribed:
    """The specification, line by line, on a state dict."""

    def __init__(self, state, time_stride):
        self.state, self.stride = state, (time_stride, 2, 2)

    def step(self, x, name, number, padding, stride=1):
        x = F.conv3d(x, self.state[f"{name}.conv{number}.weight"], None, stride, padding)
        weight, bias, mean, var = (self.state[f"{name}.bn{number}.{key}"] for key in NORM[:4])
        return F.batch_norm(x, mean, var, weight, bias).relu()

    def unit(self, x, name):
        if not name.endswith(SEPARABLE):
            return self.step(x, name, 1, 0)
        return self.step(self.step(x, name, 1, (0, 1, 1)), name, 2, (1, 0, 0))

    def gate(self, x, name):
        weight, bias = self.state[f"{name}.fc.weight"], self.state[f"{name}.fc.bias"]
        factors = torch.sigmoid(x.mean(dim=(2, 3, 4)) @ weight.T + bias)
        return torch.einsum("bcthw,bc->bcthw", x, factors)

    def block(self, x, name):
        pooled = F.max_pool3d(x, 3, stride=1, padding=1)
        branches = [
            self.unit(x, f"{name}.conv_b0"),
            self.unit(self.unit(x, f"{name}.conv_b1_a"), f"{name}.conv_b1_b"),
            self.unit(self.unit(x, f"{name}.conv_b2_a"), f"{name}.conv_b2_b"),
            self.unit(pooled, f"{name}.conv_b3_b"),
        ]
        gated = [self.gate(b, f"{name}.gating_b{number}") for number, b in enumerate(branches)]
        return torch.cat(gated, dim=1)

    def maps(self, x):
        x = self.step(x, "conv1", 1, (1, 3, 3), self.stride)
        x = F.max_pool3d(F.pad(x, (0, 1, 0, 1)), (1, 3, 3), (1, 2, 2))
        x = self.gate(self.unit(self.unit(x, "conv_2b"), "conv_2c"), "gating")
        x = F.max_pool3d(F.pad(x, (0, 1, 0, 1)), (1, 3, 3), (1, 2, 2))
        x = self.block(self.block(x, "mixed_3b"), "mixed_3c")
        before, after = (0, 1) if self.stride[0] == 2 else (1, 1)
        x = F.max_pool3d(F.pad(x, (0, 1, 0, 1, before, after)), 3, self.stride)
        for name in BLOCKS[2:7]:
            x = self.block(x, f"mixed_{name}")
        x = F.max_pool3d(F.pad(x, (0, 0, 0, 0, 0, 2 - self.stride[0])), 2, self.stride)
        return self.block(self.block(x, "mixed_5b"), "mixed_5c")


@pytest.mark.parametrize("time_stride", [1, 2])
def test_equals_a_transcription(time_stride):
    encoder = scrambled(build_encoder(declared(sized(8, time_stride)), seed=0))
    clips = torch.randn(2, 3, 16, 32, 64)
    with torch.no_grad():
        expected = Transcribed(encoder.state_dict(), time_stride).maps(clips)
        torch.testing.assert_close(encoder.maps(clips), expected, rtol=1e-4, atol=1e-5)
