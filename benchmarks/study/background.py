"""How much the background alone tells of the class: the linear probe on its colours."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fame.config.reading import load_scale
from fame.config.scale import Linear
from fame.data.manifest import Manifest
from fame.data.video import read_frames
from fame.evaluate.extract import described, usable
from fame.evaluate.features import Features
from fame.evaluate.linear import probe
from fame.experiments import data_id

BINS = 6
"""Bins of each of the three colours."""

NAME = "background.json"
"""A stage keeps the answers under this name, beside its scale."""


def colours(video: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The colours of a video without what moves.

    Every pixel's median over time is the background as long as nothing covers it for half of the
    time; where the camera moves it is a blur of it.

    Args:
        video: (T, H, W, 3) RGB.

    Returns:
        (216,) square roots of the shares of the colour bins: a unit vector (Hellinger's map).
    """
    still = np.median(video, axis=0)
    places = np.minimum(still.astype(np.int64) * BINS // 256, BINS - 1) @ [BINS**2, BINS, 1]
    counts = np.bincount(places.ravel(), minlength=BINS**3)
    return np.sqrt(counts / counts.sum()).astype(np.float32)


def features(manifest: Manifest, place: Path) -> Features:
    """The colours of each usable video as one clip (N, 1, 216); paths are relative to `place`."""
    chosen = usable(manifest)
    table = chosen.table
    root, columns = place / manifest.root, ("path", "start", "frames")
    found = [
        colours(read_frames(root / path, range(start, start + frames)))
        for path, start, frames in zip(*(table[name].tolist() for name in columns), strict=True)
    ]
    return described(chosen, np.stack(found)[:, None], {})


def accuracy(found: Features, settings: Linear, seed: int) -> float:
    """Top-1 in percent of the linear probe on the colours of a dataset's backgrounds."""
    return float(probe(found, settings, seed)["metrics"]["top1"])


def measure(folder: Path, datasets: tuple[str, ...]) -> list[dict[str, Any]]:
    """Every seed's accuracy on the datasets of a finished batch of the study.

    Args:
        folder: of the batch, with its `scale.yaml` and its results.
        datasets: by their names in the scale.
    """
    scale = load_scale(str(folder / "scale.yaml"))
    data = folder / "results" / scale.name / "data"
    rows, known = [], dict[str, Features]()
    for dataset in datasets:
        for seed in scale.seeds:
            name = data_id(scale, dataset, seed)
            if name not in known:
                known[name] = features(Manifest.read(data / name / "manifest.parquet"), folder)
            value = accuracy(known[name], scale.evaluate.linear, seed)
            rows.append({"seed": seed, "dataset": dataset, "value": value})
    return rows
