"""Split videos by group, so that clips from one source are never in two splits.

Given splits are kept. The other groups are assigned in an order that depends only on the seed and
their names, each to the split where it helps most to reach every class's share. Classes are thus as
balanced as whole groups allow.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fame.core.errors import FameError

SIDES = ("train", "val", "test")


@dataclass(frozen=True)
class Shares:
    """The share of each class that is held out.

    Attributes:
        val: share in [0, 1] for validation.
        test: share in [0, 1] for tests; with `val` at most 1.
        seed: of the order in which groups are assigned.
    """

    val: float
    test: float
    seed: int

    def __post_init__(self) -> None:
        """Refuse shares that sum to more than 1."""
        if self.val + self.test > 1:
            raise FameError(f"shares val {self.val:g} and test {self.test:g} exceed 1; lower them.")


@dataclass(frozen=True)
class Member:
    """What splitting needs to know of one video.

    Attributes:
        group: its group; all videos of a group share a split.
        label: class name, or None.
        side: its given split, or None; "unused" does not apply to the rest of the group.
    """

    group: str
    label: str | None
    side: str | None


def split(members: list[Member], shares: Shares) -> list[str]:
    """The split of each video: "train", "val", "test" or "unused".

    An unlabelled video whose group is held out is unused: it cannot be evaluated on, and training
    on it would leak the group.

    Raises:
        FameError: given splits that divide a group, or that hold out an unlabelled video.
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
    """The held-out split that a group brings closest to its shares, or train if it helps none.

    Every class keeps at least one training video.
    """
    if any(left[label] <= number for label, number in count.items()):
        return "train"
    gains = {side: _gain(count, wanted) for side, wanted in lacking.items()}
    best = max(gains, key=lambda side: gains[side])
    return best if gains[best] > 0 else "train"


def _gain(count: Counter[str], wanted: Mapping[str, float]) -> float:
    """How much closer a group brings a split to the wanted numbers."""
    return sum(abs(wanted[label]) - abs(wanted[label] - number) for label, number in count.items())


def _take(wanted: dict[str, float], left: Counter[str], count: Counter[str]) -> None:
    for label, number in count.items():
        wanted[label] -= number
        left[label] -= number


def _rank(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}/split/{group}".encode()).digest()
