"""GDT's nine hypotheses: what reversal and a shift in time are to picture and sound.

1 neither transformation      4 shift variant       7 reversal invariant, shift variant
2 reversal variant            5 shift invariant     8 reversal variant, shift invariant
3 reversal invariant          6 both variant        9 both invariant
"""

from collections.abc import Iterator, Mapping
from typing import Literal

import torch
from torch import Tensor

from fame.pretext.toolbox.draws.two_moments import Slot
from fame.pretext.toolbox.losses.two_senses import Pair, TwoSenses

Kind = Literal["variant", "invariant"] | None

KINDS: dict[int, tuple[Kind, Kind]] = {
    1: (None, None),
    2: ("variant", None),
    3: ("invariant", None),
    4: (None, "variant"),
    5: (None, "invariant"),
    6: ("variant", "variant"),
    7: ("invariant", "variant"),
    8: ("variant", "invariant"),
    9: ("invariant", "invariant"),
}
"""Of reversal and of shift, by the release's numbers."""


class Hypothesis:
    """One of them.

    Args:
        number: 1 to 9.

    Attributes:
        kinds: of reversal and of shift.
        slots: the clips that it needs, moment by moment.
    """

    def __init__(self, number: int) -> None:
        self.kinds = KINDS[number]
        reversal, shift = self.kinds
        moments = (0, 1) if shift else (0,)
        directions = (False, True) if reversal else (False,)
        self.slots: tuple[Slot, ...] = tuple(
            (moment, back) for moment in moments for back in directions
        )

    @property
    def tells(self) -> bool:
        """Whether something is told from its transformed self."""
        return "variant" in self.kinds

    def loss(self, senses: TwoSenses, pairs: Mapping[Slot, Pair], apart: Tensor) -> Tensor:
        """The mean of a term for each compared pair, and of one for each invariance.

        Args:
            senses: the losses.
            pairs: by slot.
            apart: (B,) bool, which videos' moments are far enough apart to be told from each other.
        """
        terms = []
        for kind, compared, rows in self._transformations(apart):
            for one, other in compared:
                if kind == "variant":
                    terms.append(senses.variant(pairs[one], pairs[other], rows))
                else:
                    terms.append(senses.invariant(pairs[one], pairs[other]))
            if kind == "invariant":
                plain = [senses.base(pairs[slot]) for slot in compared[0]]
                terms.append(torch.stack(plain).mean())
        return torch.stack(terms or [senses.base(pairs[0, False])]).mean()

    def told(self, senses: TwoSenses, pairs: Mapping[Slot, Pair], apart: Tensor) -> Tensor:
        """The mean share that is told from its transformed self; for hypotheses that tell."""
        shares = [
            senses.told(pairs[compared[0][0]], pairs[compared[0][1]], rows)
            for kind, compared, rows in self._transformations(apart)
            if kind == "variant"
        ]
        return torch.stack(shares).mean()

    def _transformations(
        self, apart: Tensor
    ) -> Iterator[tuple[Kind, list[tuple[Slot, Slot]], Tensor | None]]:
        """Kind, slots that become one another, and rows where they differ: reversal, then shift."""
        reversal, shift = self.kinds
        if reversal:
            backwards = [slot for slot in self.slots if slot[1]]
            yield reversal, [((moment, False), (moment, True)) for moment, _ in backwards], None
        if shift:
            later = [slot for slot in self.slots if slot[0] == 1]
            yield shift, [((0, back), (1, back)) for _, back in later], apart
