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
from fame.pipeline.runs import Run
from fame.pipeline.tasks import Task, origin_of_result

TASK = Task(
    does="Compute activation maps on test videos, and their share on the foreground.",
    settings=(
        "evaluate.activation",
        "evaluate.clips",
        "evaluate.crop",
        "max_short_side",
        "pretrain.merge.beta",
        "pretrain.views.mean",
        "pretrain.views.std",
    ),
    files=(".npz",),
    on_worlds=True,
)


def run(
    scale: Scale,
    chosen: Run,
    encoder: Path,
    manifest: Path,
    out: Path,
    world: World,
    mini_world: Path | None,
) -> None:
    """Compute activation maps on the test videos.

    Writes `activation.npz` with the `Pictures` of a few videos, and a result whose metrics `share`,
    `area` and `elsewhere` are means over the videos, in [0, 1] (see `Activation`).

    Args:
        scale: the scale; `evaluate.activation` gives the number of pictures and their size.
        chosen: the encoder's run.
        encoder: its weights, with the card beside them.
        manifest: the videos.
        out: the result's file; all runs of one seed get pictures of the same videos.
        world: this process among its peers.
        mini_world: the folder of the mini world that the videos are of; None for real videos, whose
            foreground is then FAME's own mask (with the scale's `pretrain.merge.beta`).

    Raises:
        FameError: the card belongs to another encoder or run, or as `measure` raises.
    """
    card = of_run(encoder, chosen.id)
    backbone, settings = scale.backbones[chosen.backbone], scale.evaluate.activation
    dataset = Manifest.read(manifest)
    videos = dataset.select("test")
    spec = replace(ClipSpec.of(scale, backbone, scale.pretrain.views), size=settings.size)
    measured = measure(
        load_encoder(encoder, backbone.encoder),
        videos,
        spec,
        Work(world.device, VIDEOS_AT_A_TIME, scale.resources.workers, parts=None),
        partial(_foreground, mini_world, scale.pretrain.merge.beta),
        spread_choice(videos.labels(), settings.shown, chosen.seed),
    )
    with replacing(out.with_suffix(".npz")) as file:
        np.savez_compressed(file, **vars(measured.pictures))
    write_result(
        out,
        task="activation",
        run=chosen.id,
        data=manifest.parent.name,
        dataset=videos.dataset,
        seed=chosen.seed,
        metrics={
            "share": float(measured.shares.mean()),
            "area": float(measured.areas.mean()),
            "elsewhere": measured.elsewhere,
        },
        details={
            "scale": scale.name,
            "encoder": card["encoder_sha256"],
            "foreground": MotionForeground.name if mini_world is None else TrueForeground.name,
            "size": settings.size,
            "trained_size": backbone.size,
            "pictures": measured.pictures.videos.tolist(),
            **_columns(measured),
            "data_fingerprint": dataset.labelled().fingerprint(),
            **origin_of_result(scale, "activation"),
        },
    )


def _foreground(world: Path | None, beta: float, videos: Manifest, spec: ClipSpec) -> Foreground:
    if world is None:
        return MotionForeground(beta)
    return TrueForeground(videos, world, spec)


def _columns(measured: Activation) -> dict[str, list[str] | list[float]]:
    """The values of each video, to six digits."""
    return {
        "videos": measured.videos,
        "shares": [round(float(value), 6) for value in measured.shares],
        "areas": [round(float(value), 6) for value in measured.areas],
    }
