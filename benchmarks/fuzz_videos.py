"""Check thousands of broken videos: none may crash or stall the index.

    python benchmarks/fuzz_videos.py VIDEOS --mutants 10000

Breaks copies of real videos (truncated, bits flipped, spliced, blocks lost, renamed) and checks
each as `fame index` does. Prints JSON. A mutant is a function of the seed and its number.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fame.core.errors import FameError
from fame.core.randomness import generator
from fame.data.index import Check, looks
from fame.data.listing import videos
from fame.data.video.facts import VideoInfo

LARGEST = 400_000
"""Largest size in bytes of a video to break; small ones make many mutants quickly."""

_AT_A_TIME = 200
_SUFFIXES = (".avi", ".mp4", ".mkv", ".webm", ".mov", ".mpg", ".wmv", ".m4v")

Mutation = Callable[[bytes, bytes, np.random.Generator], bytes]


def _truncate(data: bytes, _: bytes, draw: np.random.Generator) -> bytes:
    return data[: int(draw.integers(len(data)))]


def _flip(data: bytes, _: bytes, draw: np.random.Generator) -> bytes:
    """Flip 1 to 64 bits anywhere."""
    return _flipped(data, draw, len(data))


def _flip_head(data: bytes, _: bytes, draw: np.random.Generator) -> bytes:
    """Flip 1 to 64 bits of the first 512 bytes, which declare sizes and codecs."""
    return _flipped(data, draw, min(512, len(data)))


def _flipped(data: bytes, draw: np.random.Generator, upto: int) -> bytes:
    broken = bytearray(data)
    for place in draw.integers(upto, size=int(draw.integers(1, 65))):
        broken[place] ^= 1 << int(draw.integers(8))
    return bytes(broken)


def _splice(data: bytes, other: bytes, draw: np.random.Generator) -> bytes:
    """Join the head of one video and the tail of another."""
    return data[: int(draw.integers(len(data)))] + other[int(draw.integers(len(other))) :]


def _lose(data: bytes, _: bytes, draw: np.random.Generator) -> bytes:
    """Remove a block."""
    start, end = sorted(draw.integers(len(data), size=2).tolist())
    return data[:start] + data[end:]


def _blank(data: bytes, _: bytes, draw: np.random.Generator) -> bytes:
    """Set a block to zero."""
    start, end = sorted(draw.integers(len(data), size=2).tolist())
    return data[:start] + bytes(end - start) + data[end:]


def _same(data: bytes, _: bytes, draw: np.random.Generator) -> bytes:
    """Only the name will be wrong."""
    return data


MUTATIONS: dict[str, Mutation] = {
    "cut short": _truncate,
    "bits flipped": _flip,
    "header bits flipped": _flip_head,
    "spliced": _splice,
    "block lost": _lose,
    "block blank": _blank,
    "renamed": _same,
}


def mutant(sources: list[Path], seed: int, number: int) -> tuple[str, str, bytes]:
    """The kind of damage, and a broken file's suffix and content."""
    draw = generator(seed, "fuzz", number)
    kind = list(MUTATIONS)[number % len(MUTATIONS)]
    one, other = (sources[int(i)] for i in draw.integers(len(sources), size=2))
    content = MUTATIONS[kind](one.read_bytes(), other.read_bytes(), draw)
    suffix = str(draw.choice(_SUFFIXES)) if kind == "renamed" else one.suffix
    return kind, suffix, content


def decisions(
    sources: list[Path], count: int, seed: int, folder: Path, check: Check
) -> Iterator[tuple[str, VideoInfo | str]]:
    """Each mutant's kind of damage and result; files are removed along the way."""
    for first in range(0, count, _AT_A_TIME):
        kinds, paths = [], []
        for number in range(first, min(first + _AT_A_TIME, count)):
            kind, suffix, content = mutant(sources, seed, number)
            paths.append(folder / f"{number}{suffix}")
            paths[-1].write_bytes(content)
            kinds.append(kind)
        yield from zip(kinds, looks(paths, check), strict=True)
        for path in paths:
            path.unlink()


def small(root: Path) -> list[Path]:
    """The videos below a folder of at most `LARGEST` bytes.

    Raises:
        FameError: there is none.
    """
    paths = [path for path in videos([root]) if 0 < path.stat().st_size <= LARGEST]
    if not paths:
        raise FameError(f"{root}: no video of at most {LARGEST} bytes; give another folder")
    return paths


def main() -> None:
    """Break videos, check them, and count the results."""
    parser = argparse.ArgumentParser(description="Look at thousands of broken videos.")
    parser.add_argument("videos", type=Path, help="a folder of whole ones")
    parser.add_argument("--mutants", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20, help="the time limit of each")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    sources, start = small(given.videos), time.monotonic()
    check = Check(seconds=given.seconds, workers=given.workers, progress=False)
    outcomes: list[tuple[str, VideoInfo | str]] = []
    with tempfile.TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        for one in decisions(sources, given.mutants, given.seed, Path(folder), check):
            outcomes.append(one)  # an interruption reports on what there is
    report = summary(outcomes) | {
        "sources": len(sources),
        "seconds": round(time.monotonic() - start),
    }
    print(json.dumps(report, indent=2))


def summary(outcomes: list[tuple[str, VideoInfo | str]]) -> dict[str, Any]:
    """Numbers of mutants by result."""
    reasons = Counter(_short(outcome) for _, outcome in outcomes)
    taken = Counter(kind for kind, outcome in outcomes if isinstance(outcome, VideoInfo))
    return {
        "mutants": len(outcomes),
        "taken": taken.total(),
        "quarantined": sum(isinstance(outcome, str) and bool(outcome) for _, outcome in outcomes),
        "children that crashed": sum(
            _says(outcome, "ended the process") for _, outcome in outcomes
        ),
        "children that were late": sum(_says(outcome, "took longer") for _, outcome in outcomes),
        "taken by damage": dict(
            Counter(kind for kind, outcome in outcomes if isinstance(outcome, VideoInfo))
        ),
        "reasons": dict(reasons.most_common()),
    }


def _says(look: VideoInfo | str, words: str) -> bool:
    return isinstance(look, str) and words in look


def _short(look: VideoInfo | str) -> str:
    """A reason, with its digits masked."""
    text = "taken" if isinstance(look, VideoInfo) else look
    return "".join("N" if letter.isdigit() else letter for letter in text)[:80]


if __name__ == "__main__":
    main()
