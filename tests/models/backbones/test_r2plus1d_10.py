"""VCOP's ten-layer R(2+1)D: names, middle channels, and a plain transcription."""

import torch
from encoder_checks import declared, on_meta, parameters, scrambled, stage_shapes
from torch import nn
from torch.nn import functional as F

from fame.models import build_encoder

NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def sized(width):
    return {"arch": "r2plus1d_10", "width": width}


def factorised(name):
    norm = [f"{name}.bn.{key}" for key in NORM]
    return [f"{name}.spatial_conv.weight", *norm, f"{name}.temporal_conv.weight"]


def test_keys_are_those_of_the_public_code():
    expected = [*factorised("conv1"), *(f"bn1.{key}" for key in NORM)]
    for stage in (2, 3, 4, 5):
        block = f"conv{stage}.block1"
        names = [("downsampleconv", "downsamplebn")] if stage > 2 else []
        for convolution, norm in [*names, ("conv1", "bn1"), ("conv2", "bn2")]:
            expected += factorised(f"{block}.{convolution}")
            expected += [f"{block}.{norm}.{key}" for key in NORM]
    assert list(on_meta(sized(64)).state_dict()) == expected


def test_published_size_and_middle_channels():
    assert parameters(sized(64)) == 14_365_303
    spatial = [
        part.out_channels
        for name, part in on_meta(sized(64)).named_modules()
        if isinstance(part, nn.Conv3d) and name.endswith("spatial_conv")
    ]
    # The stem, a block without a shortcut, then three of shortcut, first and second convolution.
    assert spatial == [83, 144, 144, 42, 230, 288, 85, 460, 576, 170, 921, 1152]


def test_stages_of_the_published_clip():
    sizes = [(64, 16, 56, 56), (128, 8, 28, 28), (256, 4, 14, 14), (512, 2, 7, 7)]
    assert stage_shapes(sized(64), 16, 112, 112) == sizes
    assert stage_shapes(sized(3), 9, 33, 40)[-1] == (24, 2, 3, 3)


class Transcribed:
    """The specification, line by line, on a state dict."""

    def __init__(self, state):
        self.state = state

    def norm(self, x, name):
        weight, bias, mean, var = (self.state[f"{name}.{key}"] for key in NORM[:4])
        return F.batch_norm(x, mean, var, weight, bias)

    def convolution(self, x, name, stride):
        space, time = (self.state[f"{name}.{part}_conv.weight"] for part in ("spatial", "temporal"))
        pad = space.shape[-1] // 2
        x = F.conv3d(x, space, stride=(1, *stride[1:]), padding=(0, pad, pad))
        x = self.norm(x, f"{name}.bn").relu()
        pad = time.shape[2] // 2
        return F.conv3d(x, time, stride=(stride[0], 1, 1), padding=(pad, 0, 0))

    def block(self, x, name, stride):
        first = self.norm(self.convolution(x, f"{name}.conv1", stride), f"{name}.bn1").relu()
        second = self.norm(self.convolution(first, f"{name}.conv2", (1, 1, 1)), f"{name}.bn2")
        if stride != (1, 1, 1):
            shortcut = self.convolution(x, f"{name}.downsampleconv", stride)
            x = self.norm(shortcut, f"{name}.downsamplebn")
        return (second + x).relu()

    def stages(self, x):
        x = self.norm(self.convolution(x, "conv1", (1, 2, 2)), "bn1").relu()
        for stage, stride in zip((2, 3, 4, 5), (1, 2, 2, 2), strict=True):
            x = self.block(x, f"conv{stage}.block1", (stride,) * 3)
            yield x


def test_equals_a_transcription():
    encoder = scrambled(build_encoder(declared(sized(4)), seed=0))
    clips = torch.randn(2, 3, 7, 30, 32)
    with torch.no_grad():
        expected = list(Transcribed(encoder.state_dict()).stages(clips))
        for found, wanted in zip(encoder.stages(clips), expected, strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
