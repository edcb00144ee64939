"""The tasks of the tables, from files to a result file: linear probe, retrieval, finetuning."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from fame.config.scale import Scale
from fame.core.cards import of_run
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.evaluate.features.store import Features
from fame.evaluate.metrics import accuracy, confusion
from fame.evaluate.results import write_columns, write_predictions, write_result
from fame.pipeline.experiments import Run
from fame.pipeline.versions import versions_of

"""Decoded and encoded together, with all their clips; it bounds memory, not results."""


def _origin(features: Features) -> dict[str, Any]:
    """What a result says of where its features come from."""
    meta = features.meta
    return {key: meta[key] for key in ("run", "data", "dataset", "seed")}


def origin_of(scale: Scale, run: Run, manifest: Path, dataset: str) -> dict[str, Any]:
    """What features say of where they come from, beyond `encode.identity`."""
    bias = scale.evaluate.bias
    return {
        "run": run.id,
        "data": manifest.parent.name,
        "dataset": dataset,
        "seed": run.seed,
        "altered": bias.model_dump(mode="json") if bias else None,
    }


def settings_of(scale: Scale, task: str) -> dict[str, Any]:
    """What of a scale decides a task's result, given its features or encoder; JSON data."""
    found = scale.evaluate
    if task == "finetune":
        shown = {"clips": found.clips, "crop": found.crop, "max_short_side": scale.max_short_side}
        return found.finetune.model_dump(mode="json") | shown
    sections = {"linear": found.linear, "bias": found.linear, "retrieval": found.retrieval}
    return sections[task].model_dump(mode="json")


def origin_of_result(scale: Scale, task: str) -> dict[str, Any]:
    """What a result's details say of the settings and of the code that made it."""
    return {"settings": settings_of(scale, task), "versions": versions_of(task)}


def _features(source: Path, colours: str) -> Features:
    """Features of a file, which must have been extracted in the named colours."""
    features = Features.load(source)
    found = features.meta.get("colours")
    if found != colours:
        raise FameError(
            f"{source}: extracted in the colours {found!r} but the scale needs {colours!r} here; "
            f"give features-{colours}.npz of the same extraction"
        )
    return features


def features(
    scale: Scale,
    run: Run,
    encoder: Path,
    manifest: Path,
    out: Path,
    known: Path | None,
    world: World,
) -> None:
    """Encode every video once, in all the ways that this scale's evaluations need.

    Writes `features-<colours>.npz` for each of `colours.needed`, and `features-bias.npz` if the
    scale measures background bias. Finished parts survive an interruption.

    Args:
        scale: the scale.
        run: whose encoder it is.
        encoder: its weights, with the card beside them.
        manifest: the videos.
        out: the folder to write to.
        known: the folder of the mini world that the videos are of; None for real videos.
        world: this process among its peers.

    Raises:
        FameError: the card is another encoder's or another run's; or a file is missing or damaged.
    """
    from fame.config.normalisation import needed
    from fame.data.manifest import Manifest
    from fame.evaluate.features.clipspec import ClipSpec
    from fame.evaluate.features.encode import VIDEOS_AT_A_TIME, Work
    from fame.evaluate.features.extract import Alteration
    from fame.evaluate.features.extract import extract as encode
    from fame.models.files import load_encoder

    of_run(encoder, run.id)
    backbone, bias = scale.backbones[run.backbone], scale.evaluate.bias
    videos = Manifest.read(manifest).labelled()
    found = encode(
        load_encoder(encoder, backbone.encoder),
        videos,
        ClipSpec.of(scale, backbone, scale.pretrain.views),
        Work(world.device, VIDEOS_AT_A_TIME, scale.resources.workers, out / "features.parts"),
        origin_of(scale, run, manifest, videos.dataset),
        needed(scale),
        Alteration(bias.clips, bias.beta, known, run.seed) if bias else None,
    )
    for name, features in found.items():
        features.save(out / f"features-{name}.npz")


def linear(scale: Scale, source: Path, out: Path, raw: Path | None = None) -> None:
    """Probe features linearly; writes the result, `linear.parquet` and `confusion.write`'s files.

    `raw` holds the same videos' features in raw colours, for a scale that trains on those.

    Raises:
        FameError: the scale trains on raw colours and none are given, or the reverse; or as `probe`
            says.
    """
    from fame.evaluate.tasks.linear import probe

    settings = scale.evaluate.linear
    if (settings.train_colours == "raw") != (raw is not None):
        has = "needs" if raw is None else "takes no"
        raise FameError(
            f"evaluate.linear.train_colours is {settings.train_colours!r}, which {has} raw "
            f"features: {'give' if raw is None else 'leave out'} --raw-features"
        )
    features = _features(source, "pretraining")
    fitted = _features(raw, "raw") if raw else features
    found = probe(features, settings, features.meta["seed"], fitted=fitted)
    write_predictions(
        out.with_suffix(".parquet"), found["videos"], found["labels"], found["scores"]
    )
    confusion.write(out, found["labels"], found["predictions"], features.classes)
    write_result(
        out,
        task="linear",
        metrics=found["metrics"],
        details=found["details"] | origin_of_result(scale, "linear"),
        **_origin(features),
    )


def bias(scale: Scale, source: Path, altered: Path, out: Path) -> None:
    """Probe how much an encoder relies on background and motion; also writes `bias.parquet`."""
    from fame.evaluate.bias.scores import SHOWINGS
    from fame.evaluate.tasks.bias import ORIGINAL, probe_bias

    features, shown = _features(source, "pretraining"), Features.load(altered)
    found = probe_bias(features, shown, scale.evaluate.linear, features.meta["seed"])
    donors = [str(found["videos"][row]) if row >= 0 else "" for row in found["donors"]]
    columns = {"video": [str(video) for video in found["videos"]], "label": found["labels"]}
    columns["donor"] = donors
    for place, name in enumerate((ORIGINAL, *SHOWINGS)):
        columns[name] = list(found["logits"][:, place])
    write_columns(out.with_suffix(".parquet"), columns)
    write_result(
        out,
        task="bias",
        metrics=found["metrics"],
        details=found["details"]
        | {"foreground": shown.meta["foreground"]}
        | origin_of_result(scale, "bias"),
        **_origin(features),
    )


def retrieval(scale: Scale, source: Path, out: Path) -> None:
    """Retrieve training videos by test videos; writes R@k and each query's neighbours.

    `retrieval.parquet` holds a row a query: `query`, `neighbours` and `cosines` (nearest first),
    and `first_hit`, the rank of the first of its class among them, 0 for none.
    """
    from fame.evaluate.tasks.retrieval import retrieve as search

    features = _features(source, scale.evaluate.retrieval.colours)
    found = search(features, scale.evaluate.retrieval)
    hits = found["same"]
    columns = {
        "query": [str(video) for video in found["queries"]],
        "neighbours": [[str(video) for video in row] for row in found["neighbours"]],
        "cosines": list(found["cosines"]),
        "first_hit": (hits.argmax(axis=1) + 1) * hits.any(axis=1),
    }
    write_columns(out.with_suffix(".parquet"), columns)
    write_result(
        out,
        task="retrieval",
        metrics=found["metrics"],
        details=found["details"] | origin_of_result(scale, "retrieval"),
        **_origin(features),
    )


def finetune(
    scale: Scale, run: Run, encoder: Path, manifest: Path, out: Path, work: Path, world: World
) -> None:
    """Finetune and test; writes the result, `finetune.parquet` and `confusion.write`'s files.

    `work` holds the checkpoints until the result is written, then only the curves.
    """
    from fame.data.manifest import Manifest
    from fame.evaluate.tasks.finetune import finetune as train
    from fame.models.files import load_encoder

    card = of_run(encoder, run.id)
    videos = Manifest.read(manifest).labelled()
    network = load_encoder(encoder, scale.backbones[run.backbone].encoder)
    recipe = {
        "settings": scale.evaluate.finetune.model_dump(mode="json"),
        "encoder": card["encoder_sha256"],
        "seed": run.seed,
        "versions": versions_of("finetune"),
    }
    scores = train(scale, run.backbone, network, videos, run.seed, recipe, work, world)
    if scores is None:
        return
    write_predictions(
        out.with_suffix(".parquet"), np.array(scores.videos), scores.labels, scores.logits
    )
    confusion.write(out, scores.labels, scores.logits.argmax(axis=1), scores.classes)
    write_result(
        out,
        task="finetune",
        run=run.id,
        data=manifest.parent.name,
        dataset=videos.dataset,
        seed=run.seed,
        metrics={f"top{k}": accuracy.top(scores.logits, scores.labels, k) for k in (1, 5)},
        details={
            "chance": 100 / len(scores.classes),
            "per_class": dict(
                zip(scores.classes, accuracy.per_class(scores.logits, scores.labels), strict=True)
            ),
            "n_train": scores.n_train,
            "n_test": len(scores.labels),
            "report": scale.evaluate.finetune.report,
            "epoch": scores.epoch,
            "last_epoch_top1": scores.last,
            "seconds": round(scores.seconds, 1),
            "videos": videos.fingerprint(),
            **origin_of_result(scale, "finetune"),
        },
    )
    shutil.rmtree(work / "checkpoints", ignore_errors=True)
