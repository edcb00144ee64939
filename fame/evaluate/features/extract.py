"""Extract features with the frozen encoder; each video is decoded once for all tasks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from fame.evaluate.bias.altered import AlteredClips, class_mixed
from fame.evaluate.bias.foreground import Foreground, MotionForeground, TrueForeground
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import VIDEOS_AT_A_TIME, Work, batches, identity, outputs
from fame.evaluate.features.parts import clear
from fame.evaluate.features.store import Features
from fame.models.files import load_encoder
from fame.pipeline.paths import BIAS, features_file
from fame.pipeline.runs import Run
from fame.pipeline.tasks import normalisations_of

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Alteration:
    """Which modified versions of the test videos are also encoded.

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

    def foreground(self, manifest: Manifest, spec: ClipSpec) -> Foreground:
        """Source of the foreground masks."""
        if self.world is None:
            return MotionForeground(self.beta)
        return TrueForeground(manifest, self.world, spec)


@dataclass(frozen=True)
class _Pass:
    """One encoder's pass over the videos.

    Attributes:
        spec: clips, crop and the normalisation of pretraining.
        specs: the same with each normalisation that features are needed in.
    """

    encoder: nn.Module
    spec: ClipSpec
    specs: tuple[ClipSpec, ...]
    work: Work

    def plain(self, videos: Manifest) -> Floats:
        """(N, normalisations * clips, D)."""

        def inputs_of(batch: Batch) -> list[Tensor]:
            views = self.spec.cropped(batch.clips, batch.sizes)
            return [spec.normalised(views) for spec in self.specs]

        return outputs(self.encoder, videos, self.spec, self.work, inputs_of, self._settings())

    def altered(self, videos: Manifest, alteration: Alteration) -> tuple[Floats, AlteredClips]:
        """(N, normalisations * clips + 5 * altered clips, D) of videos in mixed order."""
        clips = AlteredClips(
            self.spec,
            self.specs,
            alteration.clips,
            alteration.foreground(videos, self.spec),
            videos.labels(),
            [rows for part in batches(len(videos), self.work) for rows in part],
            alteration.seed,
        )
        settings = self._settings() | clips.settings() | {"beta": alteration.beta}
        return outputs(self.encoder, videos, self.spec, self.work, clips, settings), clips

    def _settings(self) -> dict[str, Any]:
        return {"normalisations": [[spec.mean, spec.std] for spec in self.specs]}


def extract(
    encoder: nn.Module,
    manifest: Manifest,
    spec: ClipSpec,
    work: Work,
    origin: dict[str, Any],
    normalisations: Sequence[Normalisation] = ("pretraining",),
    alteration: Alteration | None = None,
) -> dict[str, Features]:
    """Features of every usable video of a manifest, in its order; each is decoded once.

    Args:
        encoder: normalised clips (B, 3, T, H, W) to pooled features (B, D).
        manifest: the videos; quarantined ones and the split "unused" are left out.
        spec: which clips and crops.
        work: device, batch and parts, which are removed when all is done.
        origin: recorded in `meta`, such as the run, the data and the seed.
        normalisations: names of the normalisations; the clips are encoded in each.
        alteration: if given, altered test clips are encoded too.

    Returns:
        By the name of the normalisation, (N, clips, D). With an alteration also `bias`: the test
        videos only, (N_test, 5 * altered clips, D), one of `scores.CONDITIONS` after another;
        its `meta` has the conditions, the altered `clips`, the source of the `foreground`, and each
        video's donor (`donors`, "" for none).

    Raises:
        FameError: if no video is usable, one cannot be read, or a feature is not finite.
    """
    chosen = usable(manifest)
    specs = tuple(spec.with_normalisation(name) for name in normalisations)
    one_pass = _Pass(encoder, spec, specs, work)
    splits = chosen.table["split"].to_numpy()
    test = (splits == "test") if alteration else np.zeros(len(chosen), dtype=bool)
    encoded: dict[str, Features] = {}
    arrays: list[tuple[Integers, Floats]] = []
    tested, others = np.flatnonzero(test), np.flatnonzero(~test)
    if len(others):
        arrays.append((others, one_pass.plain(_rows(chosen, others))))
    if alteration is not None and len(tested):
        originals, encoded[BIAS] = _tested(one_pass, chosen, tested, alteration, origin)
        arrays.append((tested, originals))
    every = _joined(arrays).reshape(len(chosen), len(specs), spec.clips, -1)
    for number, (name, one) in enumerate(zip(normalisations, specs, strict=True)):
        meta = origin | {"normalisation": name} | identity(encoder, chosen, one)
        encoded[name] = described(chosen, every[:, number].copy(), meta)
    clear(work.parts)
    return encoded


def _tested(
    one_pass: _Pass,
    chosen: Manifest,
    test: Integers,
    alteration: Alteration,
    origin: dict[str, Any],
) -> tuple[Floats, Features]:
    """Unaltered test videos (N, normalisations * clips, D), and the altered ones."""
    order = class_mixed(chosen.labels()[test], alteration.seed)
    back = np.argsort(order)
    array, altered = one_pass.altered(_rows(chosen, test[order]), alteration)
    width = one_pass.spec.clips * len(one_pass.specs)
    videos = _rows(chosen, test)
    names = videos.table["video"].to_numpy()[order]
    donated = [str(names[donor]) if donor >= 0 else "" for donor in altered.donors]
    meta = origin | identity(one_pass.encoder, chosen, one_pass.spec) | altered.settings()
    meta["donors"] = [donated[place] for place in back]
    return array[back, :width], described(videos, array[back, width:].copy(), meta)


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


def _rows(manifest: Manifest, rows: Integers) -> Manifest:
    """The manifest's videos at these places, in this order."""
    return replace(manifest, table=manifest.table.iloc[rows].reset_index(drop=True))


def _joined(arrays: list[tuple[Integers, Floats]]) -> Floats:
    """Arrays with the places of their rows, as one array in order of the places."""
    places = np.concatenate([rows for rows, _ in arrays])
    return np.concatenate([array for _, array in arrays])[np.argsort(places)]


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


def origin_of(scale: Scale, run: Run, manifest: Path, dataset: str) -> dict[str, Any]:
    """The origin that is recorded with features, beyond `encode.identity`."""
    bias = scale.evaluate.bias
    return {
        "run": run.id,
        "data": manifest.parent.name,
        "dataset": dataset,
        "seed": run.seed,
        "altered": bias.model_dump(mode="json") if bias else None,
    }


def run(
    scale: Scale,
    chosen: Run,
    encoder: Path,
    manifest: Path,
    out: Path,
    mini_world: Path | None,
    world: World,
) -> None:
    """Encode every video once, in all the ways that this scale's evaluations need.

    Writes `features-<name>.npz` for each of `normalisations_of`, and `features-bias.npz` if the
    scale measures background bias. Finished parts survive an interruption.

    Args:
        scale: the scale.
        chosen: the encoder's run.
        encoder: its weights, with the card beside them.
        manifest: the videos.
        out: the folder to write to.
        mini_world: the folder of the mini world that the videos are of; None for real videos.
        world: this process among its peers.

    Raises:
        FameError: the card belongs to another encoder or run; or a file is missing or damaged.
    """
    of_run(encoder, chosen.id)
    backbone, bias = scale.backbones[chosen.backbone], scale.evaluate.bias
    videos = Manifest.read(manifest).labelled()
    encoded = extract(
        load_encoder(encoder, backbone.encoder),
        videos,
        ClipSpec.of(scale, backbone, scale.pretrain.views),
        Work(world.device, VIDEOS_AT_A_TIME, scale.resources.workers, out / "features.parts"),
        origin_of(scale, chosen, manifest, videos.dataset),
        normalisations_of(scale),
        Alteration(bias.clips, bias.beta, mini_world, chosen.seed) if bias else None,
    )
    for name, features in encoded.items():
        features.save(out / features_file(name))
