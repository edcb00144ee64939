"""How much the background alone tells of the class: the linear probe on its colours.

Two pictures of a background are asked: the `median` of every pixel over time, which holds no trace
of what moves but all of what stays in its place; and in a mini world, where the foreground is
known, the `plate` that is seen behind it.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fame.config.reading import load_scale
from fame.data.manifest import Manifest
from fame.data.synthetic import true_masks
from fame.data.video.decode import read_frames
from fame.evaluate.bias.background import plate, widen
from fame.evaluate.features.extract import described, usable
from fame.evaluate.features.store import Features
from fame.evaluate.tasks.linear import probe
from fame.pipeline.experiments import data_id

BINS = 6
"""Bins of each of the three colours."""

NAME = "background.json"
"""A stage keeps the answers under this name, beside its scale."""


def colours(picture: Tensor) -> npt.NDArray[np.float32]:
    """The colours of a picture.

    Args:
        picture: (3, H, W) float in [0, 1].

    Returns:
        (216,) square roots of the shares of the colour bins: a unit vector (Hellinger's map).
    """
    bins = (picture * BINS).long().clamp(max=BINS - 1).flatten(1)
    places = bins[0] * BINS**2 + bins[1] * BINS + bins[2]
    counts = torch.bincount(places, minlength=BINS**3).double()
    return (counts / counts.sum()).sqrt().float().numpy()


def features(manifest: Manifest, place: Path, world: Path | None) -> Features:
    """The colours of each usable video's background as one clip (N, 1, 216).

    Args:
        manifest: the videos.
        place: what its paths are relative to.
        world: the mini world whose true foreground is left out; None takes the median.
    """
    chosen = usable(manifest)
    root, columns = place / manifest.root, ("path", "start", "frames")
    found = []
    for path, start, count in zip(*(chosen.table[name].tolist() for name in columns), strict=True):
        video = root / path
        frames = torch.from_numpy(read_frames(video, range(start, start + count)))
        masks = torch.zeros(frames.shape[:3], dtype=torch.bool)
        if world is not None:
            masks = widen(torch.from_numpy(true_masks(video, world))[None, None])[0, 0]
            masks = masks[start : start + count]
        found.append(colours(plate(frames.permute(0, 3, 1, 2) / 255, masks)))
    return described(chosen, np.stack(found)[:, None], {})


def measure(folder: Path, datasets: tuple[str, ...]) -> list[dict[str, Any]]:
    """Every seed's accuracy (top-1 in percent) on the datasets of a finished batch of the study.

    Args:
        folder: of the batch, with its `scale.yaml` and its results.
        datasets: by their names in the scale.

    Returns:
        `seed`, `dataset`, `picture` ("median" or "plate") and `value` of each.
    """
    scale = load_scale(str(folder / "scale.yaml"))
    place = folder / "results" / scale.name / "data"
    known: dict[tuple[str, str], Features] = {}
    rows = []
    for dataset in datasets:
        for seed in scale.seeds:
            data = place / data_id(scale, dataset, seed)
            manifest = Manifest.read(data / "manifest.parquet")
            worlds = {"median": None}
            if (data / "world").is_dir():
                worlds["plate"] = data / "world"
            for picture, world in worlds.items():
                key = (data.name, picture)  # filmed videos are the same for every seed
                if key not in known:
                    known[key] = features(manifest, folder, world)
                found = probe(known[key], scale.evaluate.linear, seed)
                named = {"seed": seed, "dataset": dataset, "picture": picture}
                rows.append(named | {"value": float(found["metrics"]["top1"])})
    return rows
