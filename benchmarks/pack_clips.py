"""Pack a folder of videos into one small file that benchmarks/gpu_check.py trains on.

    python benchmarks/pack_clips.py VIDEOS --out packed.npz --short-side 128 --frames 64 \
        --limit-mib 60

VIDEOS has a folder per class, as UCF-101. Classes alternate, and so do groups within a class (the
`_gNN_` in a UCF-101 name; otherwise each video is its own group), so that a limit leaves a balanced
selection.
"""

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import torch

# So that the imports work whether or not the package is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.checks.packed import Entry, compress, write_pack
from fame.core.errors import FameError
from fame.data.video.decode import probe, read_frames
from fame.data.video.facts import DecodeError, ShortReadError
from fame.data.video.resize import scaled_down

VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm")
QUALITY = 90
"""JPEG quality; the mean error is about 1.5 grey levels."""

_OVERHEAD = 4096
"""Bytes of headers and class names; each frame takes 8 more and each clip 24."""


def group_of(path: Path) -> str:
    """The group of a video: videos that may share a scene with it."""
    match = re.search(r"_g(\d+)_", path.name)
    name = f"g{match[1]}" if match else path.name
    return f"{path.parent.name}/{name}"


def in_turns(root: Path) -> list[Path]:
    """All videos below a folder: classes alternate, and groups within a class."""
    classes: dict[str, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in VIDEOS:
            classes[path.parent.name][group_of(path)].append(path)
    if not classes:
        raise FameError(f"{root}: no videos there ({', '.join(VIDEOS)}); give another folder")
    return list(
        _alternate([list(_alternate(list(groups.values()))) for groups in classes.values()])
    )


def _alternate(lists: list[list[Path]]) -> Iterator[Path]:
    for row in zip_longest(*lists):
        yield from (path for path in row if path is not None)


def entry(path: Path, short_side: int, frames: int) -> Entry:
    """The first `frames` frames of a video (all of a shorter one), shrunk and compressed."""
    try:
        pixels = read_frames(path, range(frames))
    except ShortReadError:
        pixels = read_frames(path, range(probe(path).frames))
    clip = scaled_down(torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), short_side)
    return Entry(compress(clip, QUALITY), path.parent.name, group_of(path))


def choose(paths: list[Path], short_side: int, frames: int, limit: int) -> list[Entry]:
    """Entries in order, up to `limit` bytes; undecodable files are reported."""
    chosen: list[Entry] = []
    room = limit - _OVERHEAD
    for path in paths:
        try:
            packed = entry(path, short_side, frames)
        except DecodeError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        room -= packed.size + 8 * (len(packed.frames) + 3)
        if room < 0:
            break
        chosen.append(packed)
    if not chosen:
        raise FameError("not a single clip fits; raise --limit-mib or lower --frames")
    return chosen


def main(arguments: list[str] | None = None) -> int:
    """Pack, and print a summary."""
    parser = argparse.ArgumentParser(description="Pack a folder of videos into one small file.")
    parser.add_argument("videos", type=Path, help="holds a folder for each class")
    parser.add_argument("--out", type=Path, required=True, help="the .npz to write")
    parser.add_argument("--short-side", type=int, default=128, help="pixels")
    parser.add_argument("--frames", type=int, default=64, help="the most of each video")
    parser.add_argument("--limit-mib", type=float, default=60, help="the most of the file")
    given = parser.parse_args(arguments)
    try:
        paths = in_turns(given.videos)
        limit = int(given.limit_mib * 2**20)
        entries = choose(paths, given.short_side, given.frames, limit)
        write_pack(given.out, entries)
    except FameError as error:
        print(f"pack_clips: {error}", file=sys.stderr)
        return 1
    size = given.out.stat().st_size / 2**20
    classes = len({chosen.label for chosen in entries})
    print(f"{given.out}: {len(entries)} of {len(paths)} videos, {classes} classes, {size:.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
