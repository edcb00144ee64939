"""Momentum contrast for video (He et al., CVPR 2020), symmetric as in the FAME release.

Two clips of one video are a positive pair; each is once the query and once the key. Both directions
use the queue from before the step, then both sets of keys are enqueued. In the release the first
direction's keys are already negatives of the second; `enqueue: direction` reproduces that. FAME is
this method with merged views.
"""

import copy
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from fame.config.methods import MoCo as Settings
from fame.core.aside import aside
from fame.core.errors import FameError
from fame.core.randomness import generator
from fame.data.clips.batch import Batch
from fame.models.encoder import Encoder
from fame.models.heads import projection
from fame.models.replay import Call, replayed
from fame.pretext.common import Cost, Method, NoOptions, Setup
from fame.pretext.toolbox.losses.contrast import contrast, contrast_in_batch, hits, own_rows
from fame.pretext.toolbox.memory.momentum import follow
from fame.pretext.toolbox.memory.queue import KeyQueue

USES = ("moco",)
NEGATIVES = "moco"


class Network(torch.nn.Module):
    """Encoder and projection head: clips (B, 3, T, H, W) to unit vectors (B, dim)."""

    def __init__(self, encoder: Encoder, head: torch.nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, clips: Tensor) -> Tensor:
        """Project and L2-normalise."""
        projected = self.head(self.encoder(clips))
        # float32, so that under autocast too the loss is computed in float32.
        return normalize(projected.to(torch.promote_types(projected.dtype, torch.float32)), dim=1)


class MomentumContrast(Method):
    """Query and key networks, a queue of keys, and the symmetric InfoNCE loss.

    Variants derive from this class, read their own options and compose its steps: `follow`, `keys`,
    `logits`, `queue.enqueue`. Methods with other networks use the parts in `fame.pretext.toolbox`
    directly.

    Attributes:
        views: turns a batch into views.
        settings: the scale's section `moco`.
        query: the network that is trained.
        key: the momentum network that follows it.
        queue: keys of earlier steps; empty if the batch's own keys are the negatives.
    """

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        if setup.run.pretrain is None:
            raise FameError(
                f"the method {setup.run.method!r} learns from videos; add `pretrain` to its recipe"
            )
        self.views = setup.views
        self.settings = settings = setup.section("moco", Settings)
        self._world = setup.world
        self._seed = setup.run.seed
        head = setup.head(
            lambda: projection(setup.encoder.feature_dim, settings.dim, settings.head)
        )
        self.query = Network(setup.encoder, head)
        self.key = copy.deepcopy(self.query).requires_grad_(False)
        self.queue = KeyQueue(settings.queue[setup.run.pretrain], settings.dim, self._seed)
        self.to(setup.world.device)
        self._replays: list[Call] = []

    def record(self, clips: Tensor, bfloat16: bool) -> None:
        """See `Method.record`; not for variants with a loss of their own."""
        if type(self).loss is MomentumContrast.loss:
            keys = [] if self._queries_are_keys() else [self.key] * self.clips
            self._replays = replayed([self.query] * self.clips + keys, clips, bfloat16)
            self.recorded = True

    @property
    def _queries(self) -> list[Call]:
        """What encodes each view as a query."""
        return self._replays[: self.clips] or [self.query] * self.clips

    @property
    def _keys(self) -> list[Call]:
        """What encodes each view as a key."""
        return self._replays[self.clips :] or [self.key] * self.clips

    @property
    def encoder(self) -> Encoder:  # type: ignore[override]
        """The query encoder."""
        return self.query.encoder

    def replace_head(self, head: torch.nn.Module) -> None:
        """Use another projection head in both networks."""
        self.query = Network(self.encoder, head)
        self.key = copy.deepcopy(self.query).requires_grad_(False)

    def chance(self, batch: int) -> float | None:
        """1 / (the positive and all negatives)."""
        return 1 / (1 + len(self.queue) if len(self.queue) else batch)

    def cost(self) -> Cost:
        """Every clip is encoded once as a query and once as a key."""
        return Cost(self.clips, 0 if self._queries_are_keys() else self.clips)

    def facts(self) -> dict[str, Any]:
        """The kind of negatives."""
        size = len(self.queue)
        return {"negatives": f"queue of {size}" if size else "in-batch"}

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean of both directions' cross-entropies, and the share of correct contrasts."""
        self.follow()
        views = aside(self._world.device, lambda: self.views(batch, step))
        queries = [self._queries[number](view) for number, view in enumerate(views)]
        keys = self.all_keys(views, queries, step)
        losses, right = [], []
        for query, key in zip(queries, reversed(keys), strict=True):
            logits, targets = self.logits(query, key)
            losses.append(cross_entropy(logits, targets))
            right.append(hits(logits, targets))
            if self.settings.enqueue == "direction":
                self.queue.enqueue(key)
        if self.settings.enqueue == "step":
            self.queue.enqueue(torch.cat(keys))
        return torch.stack(losses).mean(), {"contrast": torch.stack(right).mean()}

    def follow(self) -> None:
        """Move the key network towards the query network."""
        follow(self.key, self.query, self.settings.momentum)

    def all_keys(self, views: list[Tensor], queries: list[Tensor], step: int) -> list[Tensor]:
        """The keys of all views over the global batch, each (N, D), without gradient."""
        if self._queries_are_keys():
            return [self._world.gather(query) for query in queries]
        return [self.keys(view, step, number) for number, view in enumerate(views)]

    def _queries_are_keys(self) -> bool:
        """Whether the key network equals the query network, so that queries serve as keys."""
        return self.settings.momentum == 0 and not self.settings.shuffle

    @torch.no_grad()
    def keys(self, view: Tensor, step: int, number: int) -> Tensor:
        """The keys of the global batch, with BatchNorm over shuffled groups if `shuffle` is set.

        Args:
            view: (B, 3, T, H, W), this process's share.
            step: keys the shuffle, together with `number`.
            number: number of the view.

        Returns:
            (N, D) unit vectors in the order of the global batch, without gradient.
        """
        if not self.settings.shuffle:
            return self._world.gather(self._keys[number](view))
        everything = self._world.gather(view)
        order = generator(self._seed, "shuffle", step, number).permutation(len(everything))
        shuffled = torch.from_numpy(order).to(view.device)
        share = everything[shuffled][own_rows(self._world, len(view))]
        keys = self._world.gather(self._keys[number](share))
        return keys[shuffled.argsort()]

    def logits(self, query: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        """InfoNCE logits of queries (B, D) against keys (N, D), and the positives' columns (B,).

        With a queue: (B, 1 + queue), the positive in column 0. Without: (B, N).
        """
        rows = own_rows(self._world, len(query))
        temperature = self.settings.temperature
        if len(self.queue) == 0:
            return contrast_in_batch(query, keys, rows.start, temperature)
        logits = contrast(query, keys[rows], self.queue.negatives(), temperature)
        return logits, torch.zeros(len(query), dtype=torch.int64, device=query.device)


class MoCo(MomentumContrast):
    """Momentum contrast with the scale's settings and no options."""

    def __init__(self, setup: Setup) -> None:
        setup.read_options(NoOptions, "moco")
        super().__init__(setup)


METHOD = MoCo
