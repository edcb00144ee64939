"""Mask variants as the evaluation takes them: a name, the mask, and the map it is cut from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch import Tensor

from fame.augment import masks
from fame.augment.masks.fame import Hue
from fame.core import registry
from fame.core.errors import FameError

Mask = Callable[[Tensor, float], Tensor]

PAPER = ("gauss", "seed", "grid", "fame")
"""The variants of Table 4 and Figure 4, left to right."""


@dataclass(frozen=True)
class Variant:
    """A mask variant with its options bound.

    Attributes:
        name: as tables and figures show it.
        mask: clips (B, 3, T, H, W) in [0, 1] and beta to masks (B, H, W) in [0, 1].
        soft_map: clips to the map that the mask is cut from, (B, H, W) in [0, 1]; None if a
            user's file defines none.
    """

    name: str
    mask: Mask
    soft_map: Callable[[Tensor], Tensor] | None


def variant(name: str, hue: Hue, pseudocount: float = 1) -> Variant:
    """A variant by name.

    Args:
        name: one of `fame.augment.masks`, or the path of a `.py` file.
        hue: how FAME's own variant derives hue; the others have none.
        pseudocount: what FAME's own variant adds to the background's colours; 1 suits real videos.

    Raises:
        FameError: no such variant or file, or it defines no `mask`.
    """
    mask, soft_map = masks.get(name), _soft_map(name)
    if name == "fame":
        mask = partial(mask, hue=hue, pseudocount=pseudocount)
        soft_map = partial(masks.get(name, "soft_map"), hue=hue, pseudocount=pseudocount)
    elif registry.is_foreign(masks.__name__, name):
        mask = _checked(name, mask)
    return Variant(Path(name).stem, mask, soft_map)


def _checked(name: str, mask: Mask) -> Mask:
    """A user's mask function whose output is checked."""

    def checked(clips: Tensor, beta: float) -> Tensor:
        output = mask(clips, beta)
        shape = (len(clips), *clips.shape[-2:])
        if not isinstance(output, Tensor):
            kind = type(output).__name__
            raise FameError(
                f"{name}: its mask must be a tensor {shape}, not {kind}; correct the file."
            )
        if tuple(output.shape) != shape or not ((output >= 0) & (output <= 1)).all():
            raise FameError(
                f"{name}: its mask must be {shape} numbers from 0 to 1, not {tuple(output.shape)} "
                f"from {output.min():g} to {output.max():g}; correct the file."
            )
        return output

    return checked


def _soft_map(name: str) -> Callable[..., Tensor] | None:
    try:
        function: Callable[..., Tensor] = masks.get(name, "soft_map")
    except FameError:  # optional in a user's file, whose mask was loaded before
        return None
    return function


def variants(names: Sequence[str], hue: Hue, pseudocount: float = 1) -> list[Variant]:
    """Several variants, in the given order, as `variant` makes them.

    Raises:
        FameError: as `variant`, or two have the same name.
    """
    for name in names:
        if names.count(name) > 1:
            raise FameError(f"The mask variant '{name}' is named twice; name it once.")
    chosen = [variant(name, hue, pseudocount) for name in names]
    titles = [choice.name for choice in chosen]
    for name in titles:
        if titles.count(name) > 1:
            raise FameError(f"Two mask variants are called '{name}'; rename the file of one.")
    return chosen
