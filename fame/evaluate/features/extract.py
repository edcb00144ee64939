"""Extract features with the frozen encoder; each video is decoded once for all tasks."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from fame.config.normalisation import Normalisation
from fame.config.scale import Scale
from fame.core.cards import of_run
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.data.clips.batch import Batch
from fame.data.manifest import OK, Manifest
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import VIDEOS_AT_A_TIME, Work, identity, outputs
from fame.evaluate.features.parts import clear
from fame.evaluate.features.store import Features
from fame.evaluate.sufficient import check
from fame.models.files import load_encoder
from fame.pipeline.paths import features_file
from fame.pipeline.runs import Run
from fame.pipeline.tasks import normalisations_of

Floats = npt.NDArray[np.float32]


def extract(
    encoder: nn.Module,
    manifest: Manifest,
    spec: ClipSpec,
    work: Work,
    origin: dict[str, Any],
    normalisations: Sequence[Normalisation] = ("pretraining",),
) -> dict[str, Features]:
    """Features of every usable video of a manifest, in its order; each is decoded once.

    Args:
        encoder: normalised clips (B, 3, T, H, W) to pooled features (B, D).
        manifest: the videos; quarantined ones and the split "unused" are left out.
        spec: which clips and crops.
        work: device, batch and parts, which are removed when all is done.
        origin: recorded in `meta`, such as the run, the data and the seed.
        normalisations: names of the normalisations; the clips are encoded in each.

    Returns:
        By the name of the normalisation, (N, clips, D).

    Raises:
        FameError: if no video is usable, one cannot be read, or a feature is not finite.
    """
    chosen = usable(manifest)
    specs = tuple(spec.with_normalisation(name) for name in normalisations)

    def inputs_of(batch: Batch) -> list[Tensor]:
        views = spec.cropped(batch.clips, batch.sizes)
        return [one.normalised(views) for one in specs]

    settings = {"normalisations": [[one.mean, one.std] for one in specs]}
    array = outputs(encoder, chosen, spec, work, inputs_of, settings)
    every = array.reshape(len(chosen), len(specs), spec.clips, -1)
    encoded: dict[str, Features] = {}
    for number, (name, one) in enumerate(zip(normalisations, specs, strict=True)):
        meta = origin | {"normalisation": name} | identity(encoder, chosen, one)
        encoded[name] = described(chosen, every[:, number].copy(), meta)
    clear(work.parts)
    return encoded


def usable(manifest: Manifest) -> Manifest:
    """The videos that have features: neither quarantined nor of the split "unused".

    Raises:
        FameError: there is none.
    """
    table = manifest.table
    rows = table[(table["status"] == OK) & (table["split"] != "unused")]
    if rows.empty:
        raise FameError(f"dataset {manifest.dataset} has no usable video; index it again")
    return replace(manifest, table=rows)


def described(videos: Manifest, array: Floats, meta: dict[str, Any]) -> Features:
    """Arrays (N, clips, D) of videos in a manifest's order, with the manifest's columns."""
    table = videos.table
    return Features(
        features=array,
        labels=videos.labels(),
        videos=table["video"].to_numpy(dtype=np.str_),
        groups=table["group"].fillna("").to_numpy(dtype=np.str_),
        splits=table["split"].to_numpy(dtype=np.str_),
        classes=list(videos.classes),
        meta=meta,
    )


def origin_of(run: Run, manifest: Path, dataset: str) -> dict[str, Any]:
    """The origin that is recorded with features, beyond `encode.identity`."""
    return {"run": run.id, "data": manifest.parent.name, "dataset": dataset, "seed": run.seed}


def run(scale: Scale, chosen: Run, encoder: Path, manifest: Path, out: Path, world: World) -> None:
    """Encode every video once, in all the normalisations that this scale's evaluations need.

    Writes `features-<name>.npz` for each of `normalisations_of`. Finished parts survive an
    interruption.

    Args:
        scale: the scale.
        chosen: the encoder's run.
        encoder: its weights, with the card beside them.
        manifest: the videos.
        out: the folder to write to.
        world: this process among its peers.

    Raises:
        FameError: the card belongs to another encoder or run; or a file is missing or damaged.
    """
    of_run(encoder, chosen.id)
    backbone = scale.backbones[chosen.backbone]
    videos = Manifest.read(manifest).labelled()
    check(videos, scale, ("features",))
    encoded = extract(
        load_encoder(encoder, backbone.encoder),
        videos,
        ClipSpec.of(scale, backbone, scale.pretrain.views),
        Work(world.device, VIDEOS_AT_A_TIME, scale.resources.workers, out / "features.parts"),
        origin_of(chosen, manifest, videos.dataset),
        normalisations_of(scale),
    )
    for name, features in encoded.items():
        features.save(out / features_file(name))
