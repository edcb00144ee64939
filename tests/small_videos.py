"""Tiny videos made on the spot, whose every frame is known and unlike the others."""

from pathlib import Path

import av
import numpy as np
import pandas as pd

from fame.data.manifest import Manifest


def pictures(count, height=24, width=32, seed=0):
    """(count, H, W, 3) uint8: blocks of colour, different in each frame."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, height // 8, width // 8, 3))
    return coarse.repeat(8, 1).repeat(8, 2).astype(np.uint8)


def write_video(path: Path, frames, codec="ffv1", pixels="bgr0", **options):
    """Encode frames at 25 fps; ffv1 in AVI loses nothing. Returns the frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixels
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return frames


def write_dataset(root: Path, lengths, sizes=None):
    """One lossless video for each length, all in `train`. Returns the manifest and the frames."""
    sizes = sizes or [(24, 32)] * len(lengths)
    frames = [
        write_video(root / f"v{i}.avi", pictures(n, h, w, seed=i))
        for i, (n, (h, w)) in enumerate(zip(lengths, sizes, strict=True))
    ]
    return Manifest("small", root, rows(lengths, sizes), ["even", "odd"]), frames


def rows(lengths, sizes):
    """Manifest rows for `write_dataset`."""
    count = len(lengths)
    return pd.DataFrame(
        {
            "video": [f"v{i}" for i in range(count)],
            "path": [f"v{i}.avi" for i in range(count)],
            "dataset": "small",
            "label": [("even", "odd")[i % 2] for i in range(count)],
            "group": None,
            "split": "train",
            "start": 0,
            "frames": lengths,
            "fps": 25.0,
            "width": [w for _, w in sizes],
            "height": [h for h, _ in sizes],
            "status": "ok",
        }
    )


def nearest(frames, truth):
    """For each frame, which of the true ones it is closest to."""
    gaps = [np.abs(frame.astype(int) - truth).mean((1, 2, 3)) for frame in frames]
    return [int(gap.argmin()) for gap in gaps]
