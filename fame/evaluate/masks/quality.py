"""How well each mask variant finds the true foreground of a mini world.

The clips are those of the evaluation: uniform, centre-cropped. A mask is one for all frames of
a clip, so its truth is the union of the true masks over the clip's frames, cropped alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from fame.augment.masks.common import top_share
from fame.core.errors import FameError
from fame.core.files import replacing
from fame.data.clips.batch import Batch, collate
from fame.data.clips.dataset import UniformClips
from fame.data.clips.sampling import clip_indices, uniform_starts
from fame.data.manifest import OK, Manifest
from fame.data.synthetic import true_masks
from fame.data.video.resize import scaled_down
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.masks.overlap import average_precision, best_possible, by_chance, overlap
from fame.evaluate.masks.variants import Variant

METRICS = ("iou", "precision", "recall", "ap")

OWN, TOP_SHARE = "mask", "top share"
"""What was scored: the variant's own mask; or, of a soft mask such as Gauss's, the share beta of
its highest values. The method itself blends a soft mask as it is and ignores beta."""

_VIDEOS = 8  # in memory at a time


def measure(
    manifest: Manifest,
    world: Path,
    spec: ClipSpec,
    variants: Sequence[Variant],
    betas: Sequence[float],
) -> pd.DataFrame:
    """Scores of every variant and beta, averaged over clips.

    Args:
        manifest: a world's videos; quarantined ones and the split "unused" are left out.
        world: the world's folder, which holds the true masks.
        spec: clips, crop and `max_short_side`; its mean and std are not used.
        variants: what to score.
        betas: shares of foreground to cut the masks at.

    Returns:
        One row for each variant and beta: `variant`, `beta`, `cut` (see `OWN`), `clips` (scored;
        those without any foreground are left out), `area` (the truth's mean share of the crop)
        and, for each metric, its mean over clips `<metric>`, standard deviation over clips
        `<metric>_std_clips`, expectation of a random mask of the same size `<metric>_chance`
        and best possible value for a mask of the same size `<metric>_limit`. Average precision
        is that of the soft map, equal for each beta (NaN without a soft map).

    Raises:
        FameError: the world does not hold a video, or no clip shows any foreground.
    """
    table = manifest.table
    usable = (table["status"] == OK) & (table["split"] != "unused")
    chosen = replace(manifest, table=table[usable])
    scores = [
        _scores(variant, beta, clips, truths)
        for clips, truths in _clips(chosen, world, spec)
        for variant in variants
        for beta in betas
    ]
    if not scores:
        raise FameError(f"{manifest.dataset}: no clip shows a true foreground; check the world.")
    return _averages(pd.concat(scores))


def _clips(
    manifest: Manifest, world: Path, spec: ClipSpec
) -> Iterator[tuple[Tensor, npt.NDArray[np.bool_]]]:
    """Cropped clips (N, 3, T, S, S) and their truths (N, S * S), where there is any truth."""
    dataset = UniformClips(
        manifest,
        frames=spec.frames,
        stride=spec.stride,
        clips=spec.clips,
        max_short_side=spec.max_short_side,
    )
    for first in range(0, len(manifest), _VIDEOS):
        rows = range(first, min(first + _VIDEOS, len(manifest)))
        batch = collate([dataset[row] for row in rows])
        truths = _truths(manifest, world, spec, batch, rows)
        visible = truths.any(dim=1)
        if visible.any():
            clips = spec.cropped(batch.clips, batch.sizes).flatten(0, 1)
            yield clips[visible], truths[visible].numpy()


def _truths(manifest: Manifest, world: Path, spec: ClipSpec, batch: Batch, rows: range) -> Tensor:
    """(videos * clips, S * S) bool: where any frame of a clip shows the foreground."""
    height, width = batch.clips.shape[-2:]
    padded = torch.zeros(len(rows), spec.clips, 1, 1, height, width, dtype=torch.uint8)
    for place, row, size in zip(padded, rows, batch.sizes.tolist(), strict=True):
        whole = torch.from_numpy(_unions(manifest, world, spec, row)).to(torch.uint8) * 255
        whole = scaled_down(whole, spec.max_short_side)
        place[:, 0, 0, : size[0], : size[1]] = whole
    return (spec.cropped(padded, batch.sizes) >= 0.5).flatten(0, 1).flatten(1)


def _unions(manifest: Manifest, world: Path, spec: ClipSpec, row: int) -> npt.NDArray[np.bool_]:
    """(clips, H, W): the union of the true masks over the frames of each uniform clip."""
    video = manifest.table.iloc[row]
    masks = true_masks(manifest.root / video["path"], world)[video["start"] :]
    n = int(video["frames"])
    starts = uniform_starts(n, spec.frames, spec.stride, spec.clips)
    return np.stack(
        [masks[clip_indices(start, n, spec.frames, spec.stride)].any(0) for start in starts]
    )


def binarised(masks: Tensor, beta: float) -> tuple[Tensor, str]:
    """Masks as they are if binary, else the share beta of their highest values.

    Args:
        masks: (B, H, W) in [0, 1].
        beta: share, in [0, 1].

    Returns:
        (B, H, W) bool, and `OWN` or `TOP_SHARE`.
    """
    if ((masks == 0) | (masks == 1)).all():
        return masks > 0, OWN
    return top_share(masks, beta) > 0, TOP_SHARE


def _scores(
    variant: Variant, beta: float, clips: Tensor, truths: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    """A row of scores for each clip."""
    binary, cut = binarised(variant.mask(clips, beta), beta)
    masks = binary.flatten(1).numpy()
    pixels, kept, true = masks.shape[1], masks.sum(1), truths.sum(1)
    area = true / pixels
    limits = best_possible(kept, true)
    if variant.soft_map is None:
        precisions = limit = np.full(len(clips), np.nan)
    else:
        precisions = average_precision(variant.soft_map(clips).flatten(1).numpy(), truths)
        limit = np.ones(len(clips))
    chances = {
        "iou": by_chance(pixels, kept, true),
        "precision": area,
        "recall": kept / pixels,
        "ap": area,
    }
    columns = overlap(masks, truths) | {"ap": precisions, "area": area}
    columns |= {f"{name}_chance": values for name, values in chances.items()}
    columns |= {f"{name}_limit": values for name, values in (limits | {"ap": limit}).items()}
    return pd.DataFrame(columns).assign(variant=variant.name, beta=beta, cut=cut)


def _averages(rows: pd.DataFrame) -> pd.DataFrame:
    groups = rows.groupby(["variant", "beta"], sort=False)
    means, spreads = groups.mean(numeric_only=True), groups.std(numeric_only=True)
    result = pd.DataFrame({"cut": groups["cut"].max()})  # "top share" if any mask was soft
    result["clips"], result["area"] = groups.size(), means["area"]
    for name in METRICS:
        result[name] = means[name]
        result[f"{name}_std_clips"] = spreads[name]
        result[f"{name}_chance"] = means[f"{name}_chance"]
        result[f"{name}_limit"] = means[f"{name}_limit"]
    return result.reset_index()


def write(table: pd.DataFrame, data: str, path: Path) -> None:
    """Write the table of `measure` as csv; its first column is the data instance's name."""
    with replacing(path) as file:
        table.assign(data=data)[["data", *table.columns]].to_csv(
            file, index=False, float_format="%.6g"
        )
