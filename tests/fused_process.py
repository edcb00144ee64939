"""One of several processes that share a step with the fused kernels; the first saves the result."""

import sys

import torch

from fame.core.distributed import world
from fame.models import build_encoder
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.group_batchnorm import configure, convert

SETTINGS = R2Plus1DSettings(arch="r2plus1d", width=4, layers=(1, 1, 1, 1), round_middle=1)


def step(peers, fused):
    """Gradients averaged over processes, and the state, of a step on two groups of two clips."""
    clips = torch.rand(4, 3, 4, 16, 16, dtype=torch.float64, generator=torch.manual_seed(0))
    encoder = convert(build_encoder(SETTINGS, seed=0).double(), 2)
    configure(encoder, peers.is_first, fused)
    encoder(clips.chunk(peers.size)[peers.rank]).square().mean().backward()
    peers.average_gradients(encoder.parameters())
    gradients = {f"{name} gradient": p.grad for name, p in encoder.named_parameters()}
    return encoder.state_dict() | gradients


if __name__ == "__main__":
    with world(1, False) as me:
        result = step(me, fused=True)
        if me.is_first:
            torch.save(result, sys.argv[1])
