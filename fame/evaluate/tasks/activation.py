"""The activation task: pictures of a few test videos, foreground shares of all."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from fame.config.scale import Scale
from fame.core.cards import of_run
from fame.core.distributed import World
from fame.core.files import replacing
from fame.data.manifest import Manifest
from fame.evaluate.bias.foreground import Foreground, MotionForeground, TrueForeground
from fame.evaluate.features.activation_maps import Activation, measure, spread_choice
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import VIDEOS_AT_A_TIME, Work
from fame.evaluate.results import write_result
from fame.models.files import load_encoder
from fame.pipeline.experiments import Run


def activation(
    scale: Scale,
    run: Run,
    encoder: Path,
    manifest: Path,
    out: Path,
    known: Path | None,
    world: World,
) -> None:
    """Compute activation maps on the test videos.

    Writes `out`, an npz with the `Pictures` of a few videos, and beside it a result file of the
    task `activation` whose metrics `share`, `area` and `elsewhere` are means over the videos, in
    [0, 1] (see `Activation`).

    Args:
        scale: the scale; `evaluate.activation` gives the number of pictures and their size.
        run: whose encoder it is.
        encoder: its weights, with the card beside them.
        manifest: the videos.
        out: the `.npz` file; the same videos are shown for all runs of one seed.
        known: the folder of the mini world that the videos are of; None for real videos, whose
            foreground is then FAME's own mask (with the scale's `pretrain.merge.beta`).
        world: this process among its peers.

    Raises:
        FameError: the card is another encoder's or another run's, or see `measure`.
    """
    card = of_run(encoder, run.id)
    backbone, settings = scale.backbones[run.backbone], scale.evaluate.activation
    videos = Manifest.read(manifest).select("test")
    shown = replace(ClipSpec.of(scale, backbone, scale.pretrain.views), size=settings.size)
    found = measure(
        load_encoder(encoder, backbone.encoder),
        videos,
        shown,
        Work(world.device, VIDEOS_AT_A_TIME, scale.resources.workers, parts=None),
        partial(_foreground, known, scale.pretrain.merge.beta),
        spread_choice(videos.labels(), settings.shown, run.seed),
    )
    with replacing(out) as file:
        np.savez_compressed(file, **vars(found.pictures))
    write_result(
        out.with_suffix(".json"),
        task="activation",
        run=run.id,
        data=manifest.parent.name,
        dataset=videos.dataset,
        seed=run.seed,
        metrics={
            "share": float(found.shares.mean()),
            "area": float(found.areas.mean()),
            "elsewhere": found.elsewhere,
        },
        details={
            "scale": scale.name,
            "encoder": card["encoder_sha256"],
            "foreground": MotionForeground.name if known is None else TrueForeground.name,
            "size": settings.size,
            "trained_size": backbone.size,
            "pictures": found.pictures.videos.tolist(),
            **_columns(found),
        },
    )


def _foreground(known: Path | None, beta: float, videos: Manifest, shown: ClipSpec) -> Foreground:
    if known is None:
        return MotionForeground(beta)
    return TrueForeground(videos, known, shown)


def _columns(found: Activation) -> dict[str, list[str] | list[float]]:
    """The values of each video, to six digits."""
    return {
        "videos": found.videos,
        "shares": [round(float(value), 6) for value in found.shares],
        "areas": [round(float(value), 6) for value in found.areas],
    }
