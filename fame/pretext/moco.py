"""Momentum contrast for video (He et al., CVPR 2020), symmetric as in the FAME release.

Two clips of one video are positives. Each is once the query and once the key. Both directions
use the queue as it stood before the step, then both sets of keys are enqueued; in the release the
first direction's keys are negatives of the second already, which `enqueue: direction` replays.
FAME is this method with merged views.
"""

import copy
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from fame.config.methods import MoCo as Settings
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.core.randomness import generator
from fame.data.clips.batch import Batch
from fame.models.encoder import Encoder
from fame.models.group_batchnorm import convert
from fame.models.heads import projection
from fame.models.seeding import keyed_initialisation
from fame.pretext.common import Method, NoOptions, Setup

USES = ("moco",)


class Network(torch.nn.Module):
    """Encoder and projection head: clips (B, 3, T, H, W) to unit vectors (B, dim)."""

    def __init__(self, encoder: Encoder, head: torch.nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, clips: Tensor) -> Tensor:
        """Project and L2-normalise."""
        projected = self.head(self.encoder(clips))
        # Under autocast the loss is still computed in float32.
        return normalize(projected.to(torch.promote_types(projected.dtype, torch.float32)), dim=1)


def contrast(query: Tensor, key: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """InfoNCE logits with the positive in column 0.

    Args:
        query: (B, D) unit vectors.
        key: (B, D) unit vectors, row by row of the same videos.
        negatives: (K, D) unit vectors.
        temperature: divides every similarity.

    Returns:
        (B, 1 + K).
    """
    positive = (query * key).sum(dim=1, keepdim=True)
    return torch.cat([positive, query @ negatives.T], dim=1) / temperature


def contrast_in_batch(
    query: Tensor, keys: Tensor, first: int, temperature: float
) -> tuple[Tensor, Tensor]:
    """InfoNCE logits against all keys of the global batch, and the positives' columns.

    Args:
        query: (B, D), this process's queries.
        keys: (N, D), the keys of the global batch.
        first: the global row of the first query.
        temperature: divides every similarity.

    Returns:
        (B, N) logits and (B,) int64 targets.
    """
    targets = torch.arange(first, first + len(query), device=query.device)
    return query @ keys.T / temperature, targets


class MomentumContrast(Method):
    """Query and key encoders, a queue of keys, and the symmetric InfoNCE loss.

    Methods that vary it derive from it and read their own options.
    """

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._views = setup.views
        self._world = setup.world
        self._seed = setup.run.seed
        if setup.run.pretrain is None:
            raise FameError(
                f"the method {setup.run.method!r} learns from videos; add `pretrain` to its recipe"
            )
        self._settings = settings = setup.section("moco", Settings)
        size = settings.queue[setup.run.pretrain]
        self.query = _network(setup, settings)
        self.key = copy.deepcopy(self.query).requires_grad_(False)
        self.register_buffer("queue", _first_queue(size, settings.dim, self._seed))
        self.register_buffer("pointer", torch.zeros((), dtype=torch.int64))
        self.to(setup.world.device)

    queue: Tensor
    pointer: Tensor

    @property
    def encoder(self) -> Encoder:  # type: ignore[override]
        """The query encoder."""
        return self.query.encoder

    def facts(self) -> dict[str, Any]:
        """Which negatives are used."""
        size = len(self.queue)
        return {"negatives": f"queue of {size}" if size else "in-batch"}

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean of both directions' cross-entropies, and the share of contrasts that are right."""
        self._follow()
        views = self._views(batch, step)
        queries = [self.query(view) for view in views]
        keys = self._all_keys(views, queries, step)
        losses, hits = [], []
        for query, key in zip(queries, reversed(keys), strict=True):
            logits, targets = self._logits(query, key)
            losses.append(cross_entropy(logits, targets))
            hits.append((logits.argmax(dim=1) == targets).float().mean())
            if self._settings.enqueue == "direction":
                self._enqueue(key)
        if self._settings.enqueue == "step":
            self._enqueue(torch.cat(keys))
        return torch.stack(losses).mean(), {"contrast": torch.stack(hits).mean()}

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the key network towards the query network (parameters only, as released)."""
        momentum = self._settings.momentum
        for key, query in zip(self.key.parameters(), self.query.parameters(), strict=True):
            key.mul_(momentum).add_(query, alpha=1 - momentum)

    def _all_keys(self, views: list[Tensor], queries: list[Tensor], step: int) -> list[Tensor]:
        """Both clips' keys, each (N, D) over the global batch, without gradient."""
        if self._settings.momentum == 0 and not self._settings.shuffle:
            # The key network equals the query network: its output is known already.
            return [self._world.gather(query) for query in queries]
        return [self._keys(view, step, number) for number, view in enumerate(views)]

    @torch.no_grad()
    def _keys(self, view: Tensor, step: int, number: int) -> Tensor:
        """The global batch's keys (N, D); each passes BatchNorm among a keyed, shuffled group."""
        if not self._settings.shuffle:
            return self._world.gather(self.key(view))
        everything = self._world.gather(view)
        order = generator(self._seed, "shuffle", step, number).permutation(len(everything))
        shuffled = torch.from_numpy(order).to(view.device)
        keys = self._world.gather(self.key(everything[shuffled][own_rows(self._world, len(view))]))
        return keys[shuffled.argsort()]

    def _logits(self, query: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        rows = own_rows(self._world, len(query))
        temperature = self._settings.temperature
        # A similarity in bfloat16 would be wrong by up to 0.04 once divided by 0.1.
        with torch.autocast(query.device.type, enabled=False):
            if len(self.queue) == 0:
                return contrast_in_batch(query, keys, rows.start, temperature)
            logits = contrast(query, keys[rows], self.queue.clone(), temperature)
        return logits, torch.zeros(len(query), dtype=torch.int64, device=query.device)

    @torch.no_grad()
    def _enqueue(self, keys: Tensor) -> None:
        """Overwrite the oldest keys; a queue smaller than `keys` holds the newest of them."""
        size = len(self.queue)
        if size == 0:
            return
        keys = keys[-size:].to(self.queue.dtype)
        rows = (self.pointer + torch.arange(len(keys), device=keys.device)) % size
        self.queue[rows] = keys
        self.pointer.copy_((self.pointer + len(keys)) % size)


class MoCo(MomentumContrast):
    """Momentum contrast as the scale says; it takes no options."""

    def __init__(self, setup: Setup) -> None:
        setup.read_options(NoOptions, "moco")
        super().__init__(setup)


def own_rows(world: World, count: int) -> slice:
    """This process's rows of the global batch, `count` being its share."""
    return slice(world.rank * count, (world.rank + 1) * count)


def _network(setup: Setup, settings: Settings) -> Network:
    with keyed_initialisation(setup.run.seed, "head"):
        head = projection(setup.encoder.feature_dim, settings.dim, settings.head)
    grouped = convert(head, setup.group)
    return Network(setup.encoder, grouped)


def _first_queue(size: int, dim: int, seed: int) -> Tensor:
    """Random unit vectors (size, dim), as MoCo starts with."""
    start = generator(seed, "queue").standard_normal((size, dim))
    return normalize(torch.from_numpy(start).float(), dim=1)


METHOD = MoCo
