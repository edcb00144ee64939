"""Splits that keep groups whole: clips from one source are never in two splits.

A given split wins. The other groups are assigned in an order that depends only on the seed and on
their names, each to the split that brings all classes nearer to their shares, so classes are
balanced as far as whole groups allow.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fame.core.errors import FameError

SIDES = ("train", "val", "test")


@dataclass(frozen=True)
class Shares:
    """How much of each class is held out.

    Attributes:
        val: share in [0, 1] for validation.
        test: share in [0, 1] for tests; with `val` at most 1.
        seed: of the order in which groups are dealt.
    """

    val: float
    test: float
    seed: int

    def __post_init__(self) -> None:
        """Refuse shares that add up to more than everything."""
        if self.val + self.test > 1:
            raise FameError(f"shares val {self.val:g} and test {self.test:g} exceed 1; lower them.")


@dataclass(frozen=True)
class Member:
    """One video, as far as splitting is concerned.

    Attributes:
        group: its group, which is never split.
        label: class name, or None.
        side: its given split, or None; "unused" does not bind the group.
    """

    group: str
    label: str | None
    side: str | None


def split(members: list[Member], shares: Shares) -> list[str]:
    """A side for each video: "train", "val", "test" or "unused".

    A video without a label that would fall on a held-out side, because of its group, is unused:
    it cannot be tested on, and to train on it would show the group.

    Raises:
        FameError: stated sides that put a group on two sides, or hold out a video without label.
    """
    sides = _stated(members)
    counts: dict[str, Counter[str]] = {}
    for member in members:
        if member.label is not None and member.side != "unused":
            counts.setdefault(member.group, Counter())[member.label] += 1
    sides |= _dealt(counts, sides, shares)
    return [_side(member, sides.get(member.group, "train")) for member in members]


def _stated(members: Iterable[Member]) -> dict[str, str]:
    """The split of each group with a given one."""
    sides: dict[str, str] = {}
    for member in members:
        if member.side in (None, "unused"):
            continue
        assert member.side is not None
        if sides.setdefault(member.group, member.side) != member.side:
            raise FameError(
                f"group {member.group!r} is in {sides[member.group]} and in {member.side}; "
                "put it on one side, or give its videos different groups."
            )
        if member.label is None and member.side != "train":
            raise FameError(
                f"a video of group {member.group!r} is in {member.side} but has no label; "
                "label it, or put it in train or unused."
            )
    return sides


def _side(member: Member, side: str) -> str:
    if member.side is not None:
        return member.side
    return side if member.label is not None or side == "train" else "unused"


def _dealt(
    counts: Mapping[str, Counter[str]], stated: Mapping[str, str], shares: Shares
) -> dict[str, str]:
    """The split of each group without a given one."""
    totals: Counter[str] = sum(counts.values(), Counter())
    held = {"test": shares.test, "val": shares.val}
    lacking = {
        side: {label: share * total for label, total in totals.items()}
        for side, share in held.items()
    }
    left = totals.copy()
    for group, side in stated.items():
        if side in held:
            _take(lacking[side], left, counts.get(group, Counter()))
    dealt = {}
    for group in sorted(counts.keys() - stated.keys(), key=lambda name: _rank(shares.seed, name)):
        dealt[group] = _choose(counts[group], lacking, left)
        if dealt[group] in held:
            _take(lacking[dealt[group]], left, counts[group])
    return dealt


def _choose(
    count: Counter[str], lacking: Mapping[str, Mapping[str, float]], left: Counter[str]
) -> str:
    """The held-out side that gains most by a group, or train where none does.

    A class always keeps a video to train on.
    """
    if any(left[label] <= number for label, number in count.items()):
        return "train"
    gains = {side: _gain(count, wanted) for side, wanted in lacking.items()}
    best = max(gains, key=lambda side: gains[side])
    return best if gains[best] > 0 else "train"


def _gain(count: Counter[str], wanted: Mapping[str, float]) -> float:
    """By how much the distance to the wanted numbers shrinks."""
    return sum(abs(wanted[label]) - abs(wanted[label] - number) for label, number in count.items())


def _take(wanted: dict[str, float], left: Counter[str], count: Counter[str]) -> None:
    for label, number in count.items():
        wanted[label] -= number
        left[label] -= number


def _rank(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}/split/{group}".encode()).digest()
