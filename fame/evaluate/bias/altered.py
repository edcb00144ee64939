"""Test clips with background, foreground or motion removed, to measure what an encoder uses.

docs/bias.md defines the conditions. All are applied after the centre crop, in [0, 1], before
normalisation.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fame.core.errors import FameError
from fame.core.randomness import generator
from fame.data.clips.batch import Batch
from fame.evaluate.bias.background import GREY, erase
from fame.evaluate.bias.foreground import Foreground
from fame.evaluate.bias.scores import CONDITIONS
from fame.evaluate.features.clipspec import ClipSpec

Integers = npt.NDArray[np.int64]


def class_mixed(labels: Integers, seed: int) -> Integers:
    """An order of videos in which neighbours differ in class as far as possible.

    Each class is laid out evenly from first to last, its videos in a keyed order.

    Args:
        labels: (N,) classes.
        seed: of the draw.

    Returns:
        (N,) the row at each place.
    """
    order = generator(seed, "bias-order").permutation(len(labels))
    place = np.empty(len(labels))
    for label in np.unique(labels):
        members = order[labels[order] == label]
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    rank = np.argsort(order, kind="stable")
    return np.lexsort((rank, place)).astype(np.int64)


def donors(labels: Integers, batches: Sequence[range], seed: int) -> Integers:
    """The donor of each video's background: another video of its batch, of another class.

    Args:
        labels: (N,) classes, in the order of the batches.
        batches: the rows of each batch.
        seed: of the draws.

    Returns:
        (N,) rows; -1 if the whole batch is of one class.
    """
    drawn = np.full(len(labels), -1, dtype=np.int64)
    for rows in batches:
        mates = np.arange(rows.start, rows.stop)
        for row in rows:
            others = mates[labels[mates] != labels[row]]
            if len(others):
                drawn[row] = generator(seed, "bias-donor", row).choice(others)
    return drawn


def shuffled_frames(frames: int, seed: int, row: int) -> Integers:
    """A keyed permutation of a clip's frames, never the identity.

    Raises:
        FameError: a clip of one frame has no other order.
    """
    if frames < 2:
        raise FameError(
            "shuffling frames needs clips of 2 frames or more; increase the clip length"
        )
    draw = generator(seed, "bias-frames", row)
    while True:
        order = draw.permutation(frames).astype(np.int64)
        if (order != np.arange(frames)).any():
            return order


class AlteredClips:
    """The encoder's inputs for a batch of test videos: the clips under every condition.

    Args:
        spec: crop and normalisation.
        clips: how many of a video's clips are altered, evenly chosen.
        foreground: the source of foreground masks.
        labels: (N,) classes in the order of the batches' indices.
        batches: the rows of each batch; donors are drawn within a batch.
        seed: of the draws.
    """

    def __init__(
        self,
        spec: ClipSpec,
        clips: int,
        foreground: Foreground,
        labels: Integers,
        batches: Sequence[range],
        seed: int,
    ) -> None:
        self._spec, self.foreground = spec, foreground
        self._seed = seed
        self.chosen = chosen_clips(spec.clips, clips)
        self.donors = donors(labels, batches, seed)

    def settings(self) -> dict[str, Any]:
        """The settings that identify these conditions, as JSON data."""
        return {
            "conditions": list(CONDITIONS),
            "foreground": self.foreground.name,
            "clips": self.chosen.tolist(),
            "donors": self.donors.tolist(),
            "seed": self._seed,
        }

    def __call__(self, batch: Batch) -> Iterator[Tensor]:
        """Each condition (B, chosen, ...)."""
        views = self._spec.cropped(batch.clips, batch.sizes)
        masks = self.foreground(batch, views)
        behind = erase(views, masks)[:, self.chosen]
        views, masks = views[:, self.chosen], masks[:, self.chosen]
        for altered in self._altered(views, masks, behind, batch.indices.numpy()):
            yield self._spec.normalised(altered)

    def _altered(
        self, views: Tensor, masks: Tensor, behind: Tensor, rows: Integers
    ) -> Iterator[Tensor]:
        kept = masks[:, :, None]
        yield behind
        yield torch.where(kept, views, torch.full_like(views, GREY))
        yield torch.where(kept, views, behind[self._places(rows)])
        middle = views.shape[3] // 2
        yield views[:, :, :, middle : middle + 1].expand_as(views)
        orders = [shuffled_frames(views.shape[3], self._seed, int(row)) for row in rows]
        yield torch.stack(
            [video[:, :, torch.from_numpy(o)] for video, o in zip(views, orders, strict=True)]
        )

    def _places(self, rows: Integers) -> Tensor:
        """Each video's donor as a position in the batch; itself if it has none."""
        wanted = np.where(self.donors[rows] < 0, rows, self.donors[rows])
        return torch.from_numpy(wanted - rows[0])


def chosen_clips(clips: int, count: int) -> Integers:
    """`count` of `clips` clips, evenly spread from the first to the last."""
    return np.rint(np.linspace(0, clips - 1, count)).astype(np.int64)
