"""Small videos of two classes, and a pack of them, for tests of the GPU check."""

import sys

from micro_world import ROOT
from small_videos import pictures, write_video

sys.path.insert(0, str(ROOT))

from benchmarks import pack_clips


def write_classes(root, classes=("Diving", "Punch"), groups=2, clips=2, frames=20):
    for kind in classes:
        for group in range(groups):
            for clip in range(clips):
                path = root / kind / f"v_{kind}_g{group:02d}_c{clip:02d}.avi"
                path.parent.mkdir(parents=True, exist_ok=True)
                pixels = pictures(frames, 40, 56, seed=len(str(path)) + 10 * group + clip)
                write_video(path, pixels)
    return root


def packed(place):
    """Eight small videos in `place`/videos, packed by the command."""
    videos = write_classes(place / "videos")
    out = place / "packed.npz"
    arguments = [str(videos), "--out", str(out), "--short-side", "32", "--frames", "16"]
    assert pack_clips.main(arguments) == 0
    return out
