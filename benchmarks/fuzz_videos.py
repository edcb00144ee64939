"""Broken videos by the thousand: each must be decided, and none may crash or stall the index.

    python benchmarks/fuzz_videos.py VIDEOS --mutants 10000

Takes real videos, breaks copies of them (cut short, bits flipped, spliced, blocks lost, renamed)
and looks at each as `fame index` does. Prints JSON. A mutant is a function of the seed and of its
number.
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
from fame.data.video.decode import VideoInfo

LARGEST = 400_000
"""Bytes of a video that is broken; small ones make many mutants in little time."""

_AT_A_TIME = 200
_SUFFIXES = (".avi", ".mp4", ".mkv", ".webm", ".mov", ".mpg", ".wmv", ".m4v")

Mutation = Callable[[bytes, bytes, np.random.Generator], bytes]


def _truncate(data: bytes, _: bytes, draw: np.random.Generator) -> bytes:
    return data[: int(draw.integers(len(data)))]


def _flip(data: bytes, _: bytes, draw: np.random.Generator) -> bytes:
    """1 to 64 bits anywhere."""
    return _flipped(data, draw, len(data))


def _flip_head(data: bytes, _: bytes, draw: np.random.Generator) -> bytes:
    """1 to 64 bits of the first 512 bytes, where sizes and codecs are declared."""
    return _flipped(data, draw, min(512, len(data)))


def _flipped(data: bytes, draw: np.random.Generator, upto: int) -> bytes:
    broken = bytearray(data)
    for place in draw.integers(upto, size=int(draw.integers(1, 65))):
        broken[place] ^= 1 << int(draw.integers(8))
    return bytes(broken)


def _splice(data: bytes, other: bytes, draw: np.random.Generator) -> bytes:
    """The head of one video and the tail of another."""
    return data[: int(draw.integers(len(data)))] + other[int(draw.integers(len(other))) :]


def _lose(data: bytes, _: bytes, draw: np.random.Generator) -> bytes:
    """A block is missing."""
    start, end = sorted(draw.integers(len(data), size=2).tolist())
    return data[:start] + data[end:]


def _blank(data: bytes, _: bytes, draw: np.random.Generator) -> bytes:
    """A block is zero."""
    start, end = sorted(draw.integers(len(data), size=2).tolist())
    return data[:start] + bytes(end - start) + data[end:]


def _same(data: bytes, _: bytes, draw: np.random.Generator) -> bytes:
    """Nothing but the name will be wrong."""
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
    """A kind of damage, a file's suffix and its content."""
    draw = generator(seed, "fuzz", number)
    kind = list(MUTATIONS)[number % len(MUTATIONS)]
    one, other = (sources[int(i)] for i in draw.integers(len(sources), size=2))
    content = MUTATIONS[kind](one.read_bytes(), other.read_bytes(), draw)
    suffix = str(draw.choice(_SUFFIXES)) if kind == "renamed" else one.suffix
    return kind, suffix, content


def decisions(
    sources: list[Path], count: int, seed: int, folder: Path, check: Check
) -> Iterator[tuple[str, VideoInfo | str]]:
    """Each mutant's kind of damage and what became of it; files are removed as it goes."""
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
    """The videos below a folder that are small enough.

    Raises:
        FameError: there is none.
    """
    found = [path for path in videos([root]) if 0 < path.stat().st_size <= LARGEST]
    if not found:
        raise FameError(f"{root}: no video of at most {LARGEST} bytes; give another folder")
    return found


def main() -> None:
    """Break, look and count."""
    parser = argparse.ArgumentParser(description="Look at thousands of broken videos.")
    parser.add_argument("videos", type=Path, help="a folder of whole ones")
    parser.add_argument("--mutants", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20, help="the time limit of each")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    sources, start = small(given.videos), time.monotonic()
    check = Check(seconds=given.seconds, workers=given.workers, progress=False)
    found: list[tuple[str, VideoInfo | str]] = []
    with tempfile.TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        for one in decisions(sources, given.mutants, given.seed, Path(folder), check):
            found.append(one)  # an interruption reports on what there is
    report = summary(found) | {"sources": len(sources), "seconds": round(time.monotonic() - start)}
    print(json.dumps(report, indent=2))


def summary(found: list[tuple[str, VideoInfo | str]]) -> dict[str, Any]:
    """Numbers of mutants by what became of them."""
    reasons = Counter(_short(look) for _, look in found)
    taken = Counter(kind for kind, look in found if isinstance(look, VideoInfo))
    return {
        "mutants": len(found),
        "taken": taken.total(),
        "quarantined": sum(isinstance(look, str) and bool(look) for _, look in found),
        "children that crashed": sum(_says(look, "ended the process") for _, look in found),
        "children that were late": sum(_says(look, "took longer") for _, look in found),
        "taken by damage": dict(
            Counter(kind for kind, look in found if isinstance(look, VideoInfo))
        ),
        "reasons": dict(reasons.most_common()),
    }


def _says(look: VideoInfo | str, words: str) -> bool:
    return isinstance(look, str) and words in look


def _short(look: VideoInfo | str) -> str:
    """A reason without its numbers."""
    text = "taken" if isinstance(look, VideoInfo) else look
    return "".join("N" if letter.isdigit() else letter for letter in text)[:80]


if __name__ == "__main__":
    main()
