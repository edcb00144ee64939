"""From a batch of raw clips to views, in the paper's order (facts A5).

Crop, resize, flip; then FAME on one clip or both; then grey, jitter, blur; then normalise.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from fame.augment import masks
from fame.augment.crop import geometry
from fame.augment.merge import donors, merge
from fame.augment.photometric import normalise, photometric
from fame.augment.settings import ViewSettings
from fame.augment.view_draws import draw
from fame.config.scale import Merge
from fame.data.clips import Batch
from fame.distributed import World


class PairViews:
    """Makes the views of a batch: a pure function of (seed, step, epoch, sample, group).

    Args:
        settings: crop, flip and colour.
        size: of the square views, in pixels.
        mixing: FAME's settings, or None for no merging.
        group: clips among which donors are drawn.
        seed: the run's seed.
        world: this process among its peers, which says which groups it holds.
        dtype: of the views, and of all that is computed once the clips are cut.
    """

    def __init__(
        self,
        settings: ViewSettings,
        size: int,
        mixing: Merge | None,
        group: int,
        seed: int,
        world: World,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self._settings, self._size, self._mixing = settings, size, mixing
        self._group, self._seed, self._world = group, seed, world
        self._dtype = dtype
        self._mask = _mask_function(mixing) if mixing else None

    def __call__(self, batch: Batch, step: int) -> list[Tensor]:
        """Views of every clip slot of a batch.

        Args:
            batch: clips (B, N, 3, T, H, W) uint8.
            step: keys the donors.

        Returns:
            N tensors (B, 3, T, size, size), normalised.
        """
        draws = [
            draw(
                self._settings,
                self._seed,
                f"view{slot}",
                batch.epochs,
                batch.indices,
                batch.sizes,
            )
            for slot in range(batch.clips.shape[1])
        ]
        plain = [
            geometry(batch.clips[:, slot], chosen.boxes, chosen.flip, self._size).to(self._dtype)
            for slot, chosen in enumerate(draws)
        ]
        merged = [self._merged(plain, slot, step) for slot in range(len(plain))]
        return [
            normalise(photometric(clips, chosen), self._settings.mean, self._settings.std)
            for clips, chosen in zip(merged, draws, strict=True)
        ]

    def _merged(self, plain: list[Tensor], slot: int, step: int) -> Tensor:
        """Clip slot `slot` on its donor's background, if the recipe merges that slot."""
        mixing, clips = self._mixing, plain[slot]
        if mixing is None or self._mask is None or (slot > 0 and mixing.clips == "single"):
            return clips
        return merge(clips, self._donor(plain, slot, step, mixing), self._mask(clips, mixing.beta))

    def _donor(self, plain: list[Tensor], slot: int, step: int, mixing: Merge) -> Tensor:
        if mixing.background == "intra":
            return plain[(slot + 1) % len(plain)]
        groups = len(plain[slot]) // self._group
        order = donors(
            self._seed,
            step * len(plain) + slot,
            self._world.rank * groups,
            groups,
            self._group,
            mixing.donors,
        )
        return plain[slot][torch.from_numpy(order).to(plain[slot].device)]


def _mask_function(mixing: Merge) -> Callable[[Tensor, float], Tensor]:
    function = masks.get(mixing.mask)
    return partial(function, hue=mixing.hue) if mixing.mask == "fame" else function
