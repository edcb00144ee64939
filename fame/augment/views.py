"""From a batch of raw clips to views, in the paper's order (facts A5).

Crop, resize, flip; then FAME on one clip or both; then grey, jitter, blur; then normalise.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from fame.augment import masks
from fame.augment.crop import crop_resize_flip, frame_boxes
from fame.augment.frame_colours import colour_frames
from fame.augment.merge import donors, merge
from fame.augment.photometric import normalise, photometric
from fame.augment.view_draws import ViewDraws, draw
from fame.config.pretraining import Merge
from fame.config.views import Colour, ViewSettings
from fame.core.distributed import World
from fame.core.transfer import sent
from fame.data.clips.batch import Batch

Change = Callable[[Tensor, Batch, int, int], Tensor]
"""Another method's augmentation in place of FAME's merging: (clips (B, 3, T, S, S) in [0, 1], their
batch, slot, step) -> clips of that shape. Pure; random draws are keyed."""


@dataclass(frozen=True)
class Steps:
    """The intermediate steps of a slot's views; floats in [0, 1], clips (B, 3, T, size, size).

    Attributes:
        clips: cropped, resized and flipped.
        masks: (B, size, size), 1 = foreground; None for a slot that is not merged.
        donors: the clips that give the backgrounds; None likewise.
        merged: after merging and the method's own change; else `clips` themselves.
        coloured: after grey, jitter and blur; normalising these gives the views.
    """

    clips: Tensor
    masks: Tensor | None
    donors: Tensor | None
    merged: Tensor
    coloured: Tensor


class Views:
    """Makes the views of a batch: a pure function of (seed, step, epoch, sample, group).

    Args:
        settings: crop, flip and colour.
        size: of the square views, in pixels.
        mixing: FAME's settings, or None for no merging.
        group: number of clips among which donors are drawn.
        seed: the run's seed.
        world: this process among its peers; it determines which groups are here.
        dtype: of the views, and of everything computed after cropping.
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
        self._change: Change | None = None
        self._shared: tuple[Sequence[int], Sequence[int]] | None = None
        self._whole = self._by_frame = False

    @property
    def size(self) -> int:
        """Side of the square views, in pixels."""
        return self._size

    @property
    def settings(self) -> ViewSettings:
        """Crop, flip and colour."""
        return self._settings

    @property
    def dtype(self) -> torch.dtype:
        """The type of the views."""
        return self._dtype

    @property
    def colours_by_frame(self) -> bool:
        """Whether colours are drawn for each frame."""
        return self._by_frame

    def changed(self, change: Change) -> "Views":
        """These views, with a change to every slot where FAME would merge; merging comes first."""
        twin = copy.copy(self)
        twin._change = change
        return twin

    def with_normalisation(self, mean: Colour, std: Colour) -> "Views":
        """These views with another normalisation."""
        return self.with_settings(mean=mean, std=std)

    def with_settings(self, **changes: Any) -> "Views":
        """These views with other values of `ViewSettings`, for example `crop_aspect=(1, 1)`."""
        twin = copy.copy(self)
        twin._settings = self._settings.model_copy(update=changes)
        return twin

    def uncoloured(self) -> "Views":
        """These views without grey, jitter and blur."""
        return self.with_settings(gray=0.0, jitter=0.0, blur=0.0)

    def sized(self, size: int) -> "Views":
        """These views at another size, in pixels; the draws are the same."""
        twin = copy.copy(self)
        twin._size = size
        return twin

    def sharing(self, crops: Sequence[int], colours: Sequence[int]) -> "Views":
        """These views with slots that share draws; else each slot has its own.

        Args:
            crops: for each slot, the number of the view whose crop and flip it gets. (0, 0, 1)
                gives the first two slots one crop.
            colours: likewise for grey, jitter and blur.
        """
        twin = copy.copy(self)
        twin._shared = (crops, colours)
        return twin

    def colouring_frames(self) -> "Views":
        """These views with grey, jitter and blur drawn anew for each frame of a clip."""
        twin = copy.copy(self)
        twin._by_frame = True
        return twin

    def whole_frames(self) -> "Views":
        """These views of whole frames, which are squeezed to a square and not flipped."""
        twin = self.with_settings(flip=0.0)
        twin._whole = True
        return twin

    def cropped(self, batch: Batch) -> list[Tensor]:
        """The clips of every slot cropped, resized and flipped: no merging, colours or normalising.

        Returns:
            N tensors (B, 3, T, size, size) in [0, 1], from the draws of the views of that batch.
        """
        return self._cut(batch)[1]

    def __call__(self, batch: Batch, step: int) -> list[Tensor]:
        """Views of every clip slot of a batch.

        Args:
            batch: clips (B, N, 3, T, H, W) uint8.
            step: keys the donors.

        Returns:
            N tensors (B, 3, T, size, size), normalised.
        """
        draws, plain = self._cut(batch)
        mixed = [self._mixed(plain, batch, slot, step) for slot in range(len(plain))]
        return [
            normalise(
                self._coloured(clips, chosen, batch, slot), self._settings.mean, self._settings.std
            )
            for slot, (clips, chosen) in enumerate(zip(mixed, draws, strict=True))
        ]

    def explain(self, batch: Batch, step: int) -> list[Steps]:
        """The intermediate steps of the views of every clip slot, from the code that makes views.

        Args:
            batch: as in a call.
            step: as in a call.
        """
        draws, plain = self._cut(batch)
        return [
            self._steps(plain, slot, step, mixed, self._coloured(mixed, chosen, batch, slot))
            for slot, chosen in enumerate(draws)
            for mixed in [self._mixed(plain, batch, slot, step)]
        ]

    def _steps(
        self, plain: list[Tensor], slot: int, step: int, mixed: Tensor, coloured: Tensor
    ) -> Steps:
        mixing, clips = self._mixing, plain[slot]
        if mixing is None or self._mask is None or not _merges(mixing, slot):
            return Steps(clips, None, None, mixed, coloured)
        return Steps(
            clips=clips,
            masks=self._mask(clips, mixing.beta),
            donors=self._donor(plain, slot, step, mixing),
            merged=mixed,
            coloured=coloured,
        )

    def _cut(self, batch: Batch) -> tuple[list[ViewDraws], list[Tensor]]:
        """The draws and the cropped, resized, flipped clips of every slot."""
        draws = self.draws(batch)
        plain = [
            crop_resize_flip(batch.clips[:, slot], chosen.boxes, chosen.flip, self._size).to(
                self._dtype
            )
            for slot, chosen in enumerate(draws)
        ]
        return draws, plain

    def draws(self, batch: Batch) -> list[ViewDraws]:
        """The draws of every slot; a slot may take the crop and the colours of another view."""
        own = range(batch.clips.shape[1])
        crops, colours = self._shared or (own, own)
        drawn = {
            view: draw(
                self._settings,
                self._seed,
                f"view{view}",
                batch.epochs,
                batch.indices,
                batch.sizes,
            )
            for view in sorted({*crops, *colours})
        }
        whole = {"boxes": frame_boxes(batch.sizes)} if self._whole else {}
        return [
            replace(drawn[colour], **{"boxes": drawn[crop].boxes, "flip": drawn[crop].flip} | whole)
            for crop, colour in zip(crops, colours, strict=True)
        ]

    def _coloured(self, clips: Tensor, chosen: ViewDraws, batch: Batch, slot: int) -> Tensor:
        """Clip slot `slot` after grey, jitter and blur."""
        if not self._by_frame:
            return photometric(clips, chosen, self._settings.jitter_kind)
        view = self._shared[1][slot] if self._shared else slot
        return colour_frames(clips, self._settings, self._seed, f"view{view}", batch)

    def _mixed(self, plain: list[Tensor], batch: Batch, slot: int, step: int) -> Tensor:
        """Clip slot `slot` after merging and changes, before colours."""
        merged = self._merged(plain, slot, step)
        return merged if self._change is None else self._change(merged, batch, slot, step)

    def _merged(self, plain: list[Tensor], slot: int, step: int) -> Tensor:
        """Clip slot `slot` on its donor's background, if the recipe merges that slot."""
        mixing, clips = self._mixing, plain[slot]
        if mixing is None or self._mask is None or not _merges(mixing, slot):
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
        return plain[slot].index_select(0, sent(torch.from_numpy(order), plain[slot].device))


def _merges(mixing: Merge, slot: int) -> bool:
    return slot == 0 or mixing.merged_views == "both"


def _mask_function(mixing: Merge) -> Callable[[Tensor, float], Tensor]:
    function = masks.get(mixing.mask)
    if mixing.mask != "fame":
        return function
    return partial(function, hue=mixing.hue, pseudocount=mixing.pseudocount)
