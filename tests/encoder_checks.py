"""What tests of several backbones ask of one."""

import torch
from pydantic import TypeAdapter
from torch import nn

from fame.config.encoders import AnyEncoder, EncoderSettings
from fame.models import build_encoder
from fame.models.encoder import Encoder


def declared(entry: dict) -> EncoderSettings:
    """The settings that a scale's entry stands for."""
    return TypeAdapter(AnyEncoder).validate_python(entry)


def on_meta(entry: dict) -> Encoder:
    """The encoder of an entry with shapes only: no memory, no arithmetic."""
    with torch.device("meta"):
        return build_encoder(declared(entry), seed=0)


def parameters(entry: dict) -> int:
    return sum(parameter.numel() for parameter in on_meta(entry).parameters())


def shapes(module: nn.Module) -> list[tuple[str, tuple[int, ...]]]:
    """Keys and shapes of a state dict, in its order."""
    return [(key, tuple(value.shape)) for key, value in module.state_dict().items()]


def stage_shapes(entry: dict, *size: int) -> list[tuple[int, ...]]:
    """Shapes of all stages' maps for one clip of T x H x W, without the batch."""
    stages = on_meta(entry).eval().stages(torch.empty(1, 3, *size, device="meta"))
    return [tuple(stage.shape[1:]) for stage in stages]


def scrambled(module: nn.Module, seed: int = 0) -> nn.Module:
    """The module in evaluation mode, with BatchNorm layers that are no longer the identity."""
    generator = torch.Generator().manual_seed(seed)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm3d):
            for tensor in (layer.weight, layer.running_var):
                tensor.data.uniform_(0.5, 1.5, generator=generator)
            for tensor in (layer.bias, layer.running_mean):
                tensor.data.normal_(0, 0.1, generator=generator)
    return module.eval()
