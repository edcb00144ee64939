"""A tiny encoder that NumPy can follow, and MoCo's loss written slowly."""

import numpy as np
import torch
from torch import nn

from fame.config.methods import MoCo as Settings
from fame.core.distributed import World
from fame.data.clips.batch import Batch
from fame.models.encoder import Encoder

WORLD = World(0, 1, torch.device("cpu"))
BATCH, DIM = 6, 5


class Tiny(Encoder):
    """Averages the clip and applies a matrix; no BatchNorm, so that NumPy can follow."""

    feature_dim = 4

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Linear(3, 4)

    def maps(self, x):
        return self.matrix(x.mean(dim=(2, 3, 4)))[:, :, None, None, None]


def settings(**changes):
    values = {
        "queue": {"k": 16},
        "momentum": 0.9,
        "temperature": 0.1,
        "dim": DIM,
        "head": "mlp",
        "shuffle": False,
        "enqueue": "step",
    }
    return Settings(**(values | changes))


class FakeRun:
    method, seed, pretrain = "moco", 3, "k"


def batch():
    nothing = torch.zeros(BATCH, 2, 3, 1, 2, 2, dtype=torch.uint8)
    ids = torch.arange(BATCH)
    sizes = torch.full((BATCH, 2), 2)
    frames = torch.zeros(BATCH, 2, 1, dtype=torch.int64)
    return Batch(nothing, sizes, ids, ids, ids, frames, frames[:, 0, :0])


def project(network, clips):
    """The network's output for clips, in NumPy."""
    first, last = network.head[0], network.head[2]
    x = clips.numpy().mean(axis=(2, 3, 4))
    for layer in (network.encoder.matrix, first):
        x = x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    x = np.maximum(x, 0) @ last.weight.detach().numpy().T + last.bias.detach().numpy()
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def info_nce(queries, keys, negatives, temperature):
    """One direction's loss, a query at a time."""
    total = 0.0
    for query, key in zip(queries, keys, strict=True):
        scores = np.exp(np.array([query @ key] + [query @ n for n in negatives]) / temperature)
        total -= np.log(scores[0] / scores.sum())
    return total / len(queries)
