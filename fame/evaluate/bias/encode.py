"""Encode the test videos under every condition of the bias probes (docs/bias.md).

A job of its own: the tables do not need the conditions, which are five times the test clips.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from fame.config.scale import Scale
from fame.core.cards import of_run
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.data.manifest import Manifest
from fame.evaluate.bias.altered import AlteredClips, class_mixed
from fame.evaluate.bias.foreground import Foreground, MotionForeground, TrueForeground
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import VIDEOS_AT_A_TIME, Work, batches, identity, outputs
from fame.evaluate.features.extract import described, origin_of, usable
from fame.evaluate.features.parts import clear
from fame.evaluate.features.store import Features
from fame.models.files import load_encoder
from fame.pipeline.paths import BIAS, features_file
from fame.pipeline.runs import Run


@dataclass(frozen=True)
class Alteration:
    """How test videos are altered.

    Attributes:
        clips: how many of a video's uniform clips are altered.
        beta: share of FAME's mask, if the true foreground is unknown.
        world: the folder of a mini world, which has true masks; None for real videos.
        seed: of donors and orders.
    """

    clips: int
    beta: float
    world: Path | None
    seed: int

    @classmethod
    def of(cls, scale: Scale, world: Path | None, seed: int) -> "Alteration":
        """From a scale.

        Raises:
            FameError: the scale has no bias probes.
        """
        bias = scale.evaluate.bias
        if bias is None:
            raise FameError(f"scale {scale.name} sets evaluate.bias to null; set it first")
        return cls(bias.clips, bias.beta, world, seed)

    def foreground(self, manifest: Manifest, spec: ClipSpec) -> Foreground:
        """Source of the foreground masks."""
        if self.world is None:
            return MotionForeground(self.beta)
        return TrueForeground(manifest, self.world, spec)

    def clips_of(self, videos: Manifest, spec: ClipSpec, work: Work) -> AlteredClips:
        """The encoder's inputs for videos in the order in which they are encoded."""
        return AlteredClips(
            spec,
            self.clips,
            self.foreground(videos, spec),
            videos.labels(),
            [rows for part in batches(len(videos), work) for rows in part],
            self.seed,
        )


def encode_conditions(
    encoder: nn.Module,
    manifest: Manifest,
    spec: ClipSpec,
    work: Work,
    origin: dict[str, Any],
    alteration: Alteration,
) -> Features:
    """Features of the test videos under every condition, in the manifest's order.

    Args:
        encoder: normalised clips (B, 3, T, H, W) to pooled features (B, D).
        manifest: the videos.
        spec: which clips, crops and normalisation.
        work: device, batch and parts, which are removed when all is done.
        origin: recorded in `meta`, such as the run, the data and the seed.
        alteration: which clips are altered, and how.

    Returns:
        (N_test, 5 * altered clips, D), one of `scores.CONDITIONS` after another; its `meta` has the
        conditions, the altered `clips`, the source of the `foreground`, and each video's donor
        (`donors`, "" for none).

    Raises:
        FameError: no test video is usable, one cannot be read, or a feature is not finite.
    """
    test = manifest.select("test")
    order = class_mixed(test.labels(), alteration.seed)
    mixed = replace(test, table=test.table.iloc[order].reset_index(drop=True))
    clips = alteration.clips_of(mixed, spec, work)
    settings = clips.settings() | {"beta": alteration.beta}
    array = outputs(encoder, mixed, spec, work, clips, settings)
    back = np.argsort(order)
    names = mixed.table["video"].tolist()
    donated = [names[donor] if donor >= 0 else "" for donor in clips.donors]
    meta = origin | identity(encoder, usable(manifest), spec) | clips.settings()
    meta["donors"] = [donated[place] for place in back]
    features = described(test, array[back], meta)
    clear(work.parts)
    return features


def origin_with(scale: Scale, run: Run, manifest: Path, dataset: str) -> dict[str, Any]:
    """The origin that is recorded with the conditions, beyond `encode.identity`."""
    bias = scale.evaluate.bias
    settings = bias.model_dump(mode="json") if bias else None
    return origin_of(run, manifest, dataset) | {"altered": settings}


def run(
    scale: Scale,
    chosen: Run,
    encoder: Path,
    manifest: Path,
    out: Path,
    mini_world: Path | None,
    world: World,
) -> None:
    """Encode every condition and write `features-bias.npz`. Finished parts survive an interruption.

    Args:
        scale: the scale.
        chosen: the encoder's run.
        encoder: its weights, with the card beside them.
        manifest: the videos.
        out: the folder to write to.
        mini_world: the folder of the mini world that the videos are of; None for real videos.
        world: this process among its peers.

    Raises:
        FameError: the scale has no bias probes; the card belongs to another encoder or run; or a
            file is missing or damaged.
    """
    of_run(encoder, chosen.id)
    backbone = scale.backbones[chosen.backbone]
    videos = Manifest.read(manifest).labelled()
    features = encode_conditions(
        load_encoder(encoder, backbone.encoder),
        videos,
        ClipSpec.of(scale, backbone, scale.pretrain.views),
        Work(world.device, VIDEOS_AT_A_TIME, scale.resources.workers, out / "conditions.parts"),
        origin_with(scale, chosen, manifest, videos.dataset),
        Alteration.of(scale, mini_world, chosen.seed),
    )
    features.save(out / features_file(BIAS))
