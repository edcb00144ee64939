"""Evaluate any encoder by the tables' protocol with one call, without a row in a table.

Files go where the workflow puts them, so that each reuses the other's results.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fame.config.scale import Scale
from fame.config.tables import Recipe
from fame.core import registry
from fame.core.cards import CARD
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.data import instances
from fame.data.manifest import Manifest
from fame.evaluate.bias import encode as conditions
from fame.evaluate.features import extract
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import identity
from fame.evaluate.features.store import Features
from fame.evaluate.results import read_result
from fame.evaluate.sufficient import check
from fame.models.files import load_encoder
from fame.models.import_weights import fits, import_run
from fame.pipeline.experiments import Experiments, unlabelled, untrainable
from fame.pipeline.named_encoder import named_encoder
from fame.pipeline.paths import BIAS, Places, features_file
from fame.pipeline.runs import Run, data_id, resolve, split_data_id
from fame.pipeline.tasks import PACKAGE, TASKS, features_of, normalisations_of, origin_of_result


@dataclass(frozen=True)
class Evaluation:
    """One encoder on one data instance.

    Attributes:
        scale: the scale whose protocol is used.
        run: the encoder.
        root: `results/<scale>`.
        data: the data instance.
        videos: its manifest, if it is not the workflow's.
        folder: for the results, if it is not the workflow's.
    """

    scale: Scale
    run: Run
    root: Path
    data: str
    videos: Path | None = None
    folder: Path | None = None

    @property
    def encoder(self) -> Path:
        """The weights."""
        return Places(self.root).encoder(self.run.id)

    @property
    def manifest(self) -> Path:
        """The videos."""
        return self.videos or Places(self.root).manifest(self.data)

    @property
    def world(self) -> Path | None:
        """The folder of the mini world; None for real videos."""
        generated = split_data_id(self.scale, self.data)[1] is not None
        return self.manifest.with_name("world") if generated else None

    @property
    def out(self) -> Path:
        """The folder of the results."""
        return self.folder or Places(self.root).evaluation(self.run.id, self.data)


def named(
    experiments: Experiments,
    encoder: str,
    backbone: str | None = None,
    seed: int | None = None,
    results: Path = Path("results"),
) -> Run:
    """Resolve an id, a run's folder or a file of weights to a run.

    Args:
        experiments: a scale and its tables.
        encoder: a run's id, a folder with `encoder.safetensors`, or a file of weights that a
            recipe's `encoder` may name.
        backbone: a key of the scale's backbones, for weights that are not a run of the tables;
            None for the one that they fit.
        seed: of the evaluation's draws, for such weights; None for the scale's first.
        results: the folder of results, to recognise a run of the tables by its folder.

    Raises:
        FameError: there is no such run or file; the weights fit no backbone, or several; or
            `seed` or `backbone` differs from that of the run of the tables.
    """
    scale, meant = experiments.scale, named_encoder(experiments, encoder, results)
    if isinstance(meant, Run):
        return _own(meant, backbone, seed)
    recipe = Recipe(encoder=str(meant), backbone=backbone or _fitting(scale, meant))
    reason = untrainable(scale, recipe)
    if reason:
        raise FameError(f"{reason}; it has {', '.join(scale.backbones)}")
    return resolve(scale, recipe, {}, scale.seeds[0] if seed is None else seed)


def _own(run: Run, backbone: str | None, seed: int | None) -> Run:
    """A run of the tables, which has a fixed seed and backbone."""
    if backbone not in (None, run.backbone) or seed not in (None, run.seed):
        raise FameError(
            f"the run {run.id} has the seed {run.seed} and the backbone {run.backbone}; leave out "
            "--seed and --backbone, or copy its encoder elsewhere and give that file"
        )
    return run


def _fitting(scale: Scale, file: Path) -> str:
    """The scale's backbone that the weights fit."""
    names = list(scale.backbones)
    if len(names) > 1:
        names = [name for name in names if fits(file, scale.backbones[name].encoder)]
    if len(names) == 1:
        return names[0]
    if names:
        raise FameError(f"name the backbone of {file}: --backbone with one of {', '.join(names)}")
    known = ", ".join(f"{key}: {one.encoder!r}" for key, one in scale.backbones.items())
    raise FameError(
        f"{file} fits no backbone of scale {scale.name} ({known}); choose another scale"
    )


def place(
    scale: Scale,
    run: Run,
    dataset: str,
    results: Path,
    manifest: Path | None = None,
    out: Path | None = None,
) -> Evaluation:
    """The files of an encoder's evaluation on a dataset of the scale.

    Args:
        scale: the scale whose protocol is used.
        run: the encoder.
        dataset: a key of the scale's datasets.
        results: the folder of all scales' results.
        manifest: of the videos, if not the workflow's.
        out: the folder to write to, if not the workflow's.

    Raises:
        FameError: the scale has no such dataset, it has no labels, the manifest is of another
            dataset, or a manifest of your own is given without a folder for the results.
    """
    if dataset not in scale.datasets:
        known = ", ".join(scale.datasets)
        raise FameError(f"scale {scale.name} has no dataset {dataset!r}; choose one of {known}")
    reason = unlabelled(scale, dataset)
    if reason:
        raise FameError(f"{reason}; evaluate on another one")
    if manifest is not None:
        videos = Manifest.read(manifest)
        if videos.dataset != dataset:
            raise FameError(
                f"{manifest} is of the dataset {videos.dataset!r}, not {dataset!r}; give that"
            )
    data = data_id(scale, dataset, run.seed)
    usual = Evaluation(scale, run, Places.of(scale, results).root, data)
    if manifest is not None and out is None and manifest.resolve() != usual.manifest.resolve():
        raise FameError(
            f"{manifest} is not the workflow's manifest of {data}, whose results must not be "
            "replaced; give a folder for the results with --out"
        )
    return replace(usual, videos=manifest, folder=out)


def evaluate(asked: Evaluation, chosen: Sequence[str], world: World) -> dict[str, dict[str, Any]]:
    """Run tasks, after making missing inputs; results that are up to date are read instead.

    Args:
        asked: which encoder on which data.
        chosen: of TASKS.
        world: this process among its peers.

    Returns:
        By task, the content of its result file.

    Raises:
        FameError: an unknown task, an encoder that is not pretrained, or as the tasks raise.
    """
    for name in chosen:
        if name not in TASKS:
            raise FameError(f"there is no task {name!r}; choose from {', '.join(TASKS)}")
        if BIAS in features_of(asked.scale, name) and asked.scale.evaluate.bias is None:
            raise FameError(f"scale {asked.scale.name} sets evaluate.bias to null; set it first")
    _check_owner(asked)
    _prepare(asked)
    check(Manifest.read(asked.manifest).labelled(), asked.scale, chosen)
    return {name: _result(asked, name, world) for name in chosen}


def _check_owner(asked: Evaluation) -> None:
    """Refuse a folder with another encoder's results, which would be read or overwritten."""
    for task in TASKS:
        result = _read(asked.out / f"{task}.json")
        if result is not None and result["run"] != asked.run.id:
            raise FameError(
                f"{asked.out} holds results of {result['run']}; name another folder with --out"
            )


def _read(result: Path) -> dict[str, Any] | None:
    """A result; None if it is missing or unreadable, and must be made."""
    try:
        return read_result(result) if result.is_file() else None
    except FameError:
        return None


def _prepare(asked: Evaluation) -> None:
    """Make the encoder and the manifest if they are missing."""
    if asked.run.source is not None:
        if not asked.encoder.with_name(CARD).is_file():
            import_run(asked.scale, asked.run, asked.encoder.parent)
    elif not asked.encoder.is_file():
        raise FameError(f"{asked.encoder}: not pretrained yet; `snakemake {asked.encoder}` does it")
    if asked.manifest.is_file():
        return
    if asked.world is not None and not asked.world.exists():
        instances.generate(asked.scale, asked.data, asked.world)
    threads, folder = asked.scale.resources.threads, asked.manifest.parent
    videos = instances.manifest(asked.scale, asked.data, asked.world, threads, folder)
    videos.write(asked.manifest)


def _result(asked: Evaluation, task: str, world: World) -> dict[str, Any]:
    out = asked.out / f"{task}.json"
    wanted = origin_of_result(asked.scale, task)
    if TASKS[task].features:
        inputs = _features(asked, task, world)
    else:
        inputs = [asked.encoder, asked.manifest]
        wanted["data_fingerprint"] = Manifest.read(asked.manifest).labelled().fingerprint()
    if not _fresh(out, inputs, wanted):
        _compute(asked, task, out, world)
    return read_result(out)


def _features(asked: Evaluation, task: str, world: World) -> list[Path]:
    """The files of features that a task reads, encoded if they are missing."""
    scale, run = asked.scale, asked.run
    made = asked.encoder, asked.manifest, asked.out
    names = features_of(scale, task)
    if not _encoded(asked, normalisations_of(scale)):
        extract.run(scale, run, *made, world)
    if BIAS in names and not _encoded(asked, [BIAS]):
        conditions.run(scale, run, *made, asked.world, world)
    return [asked.out / features_file(name) for name in names]


def _encoded(asked: Evaluation, names: Sequence[str]) -> bool:
    """Whether features exist, of this encoder and these clips."""
    files = {name: asked.out / features_file(name) for name in names}
    if not all(path.is_file() for path in files.values()):
        return False
    scale, videos = asked.scale, Manifest.read(asked.manifest)
    backbone = scale.backbones[asked.run.backbone]
    encoder = load_encoder(asked.encoder, backbone.encoder)
    plain = ClipSpec.of(scale, backbone, scale.pretrain.views)
    for name, path in files.items():
        spec = plain if name == BIAS else plain.with_normalisation(name)  # type: ignore[arg-type]
        wanted = identity(encoder, extract.usable(videos), spec)
        if name == BIAS:
            wanted |= conditions.origin_with(scale, asked.run, asked.manifest, videos.dataset)
            del wanted["clips"]  # there it says which of them were altered
        else:
            wanted |= extract.origin_of(asked.run, asked.manifest, videos.dataset)
        meta = Features.load(path).meta
        if {key: meta.get(key) for key in wanted} != wanted:
            return False
    return True


def _fresh(result: Path, inputs: Sequence[Path], wanted: dict[str, Any]) -> bool:
    """Whether a result exists, is not older than its inputs, and has these details."""
    content = _read(result)
    if content is None:
        return False
    newest = max(path.stat().st_mtime_ns for path in inputs)
    if result.stat().st_mtime_ns < newest:
        return False
    return {key: content["details"].get(key) for key in wanted} == wanted


def _compute(asked: Evaluation, task: str, out: Path, world: World) -> None:
    """Run a task's file: every task of one kind is called in the same way."""
    run, declared = registry.load(PACKAGE, task, "run"), TASKS[task]
    if declared.features:
        run(asked.scale, asked.out, out)
        return
    more = [asked.world] if declared.on_worlds else []
    run(asked.scale, asked.run, asked.encoder, asked.manifest, out, world, *more)
