"""Which clips and terms each hypothesis has."""

import pytest
import torch

from fame.pretext.toolbox.losses.hypotheses import KINDS, Hypothesis


class Counted:
    """Losses that say which pairs they were asked for."""

    def __init__(self):
        self.asked = []

    def _note(self, name, *rest):
        self.asked.append((name, *rest))
        return torch.tensor(float(len(self.asked)))

    def base(self, one):
        return self._note("base", one)

    def variant(self, one, other, rows):
        return self._note("variant", one, other, rows is not None)

    def invariant(self, one, other):
        return self._note("invariant", one, other)

    def told(self, one, other, rows):
        return self._note("told", one, other, rows is not None)


SLOTS = {"f": (0, False), "r": (0, True), "F": (1, False), "R": (1, True)}
PAIRS = {slot: name for name, slot in SLOTS.items()}


def asked(number):
    losses = Counted()
    Hypothesis(number).loss(losses, PAIRS, torch.ones(2) > 0)
    return losses.asked


def test_clips_of_each_hypothesis():
    counts = {number: len(Hypothesis(number).slots) for number in KINDS}
    assert counts == {1: 1, 2: 2, 3: 2, 4: 2, 5: 2, 6: 4, 7: 4, 8: 4, 9: 4}
    assert Hypothesis(2).slots == (SLOTS["f"], SLOTS["r"])
    assert Hypothesis(5).slots == (SLOTS["f"], SLOTS["F"])
    assert Hypothesis(9).slots == tuple(SLOTS.values())


def test_terms_of_each_hypothesis():
    reversal = [("variant", "f", "r", False), ("variant", "F", "R", False)]
    shift = [("variant", "f", "F", True), ("variant", "r", "R", True)]
    same = [("invariant", "f", "r"), ("invariant", "F", "R"), ("base", "f"), ("base", "r")]
    moved = [("invariant", "f", "F"), ("invariant", "r", "R"), ("base", "f"), ("base", "F")]
    assert asked(1) == [("base", "f")]
    assert asked(2) == reversal[:1] and asked(4) == shift[:1]
    assert asked(3) == [same[0], *same[2:]] and asked(5) == [moved[0], *moved[2:]]
    assert asked(6) == reversal + shift
    assert asked(7) == same + shift and asked(8) == reversal + moved
    assert asked(9) == same + moved


def test_the_loss_is_the_mean_of_terms_and_a_base_is_the_mean_of_its_two():
    losses = Counted()
    found = Hypothesis(3).loss(losses, PAIRS, torch.ones(2) > 0)
    assert found.item() == pytest.approx((1 + (2 + 3) / 2) / 2)
    found = Hypothesis(7).loss(Counted(), PAIRS, torch.ones(2) > 0)
    assert found.item() == pytest.approx((1 + 2 + (3 + 4) / 2 + 5 + 6) / 5)


def test_what_is_told_apart():
    losses = Counted()
    Hypothesis(6).told(losses, PAIRS, torch.ones(2) > 0)
    assert losses.asked == [("told", "f", "r", False), ("told", "f", "F", True)]
    assert [number for number in KINDS if not Hypothesis(number).tells] == [1, 3, 5, 9]
