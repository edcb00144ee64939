"""An encoder of any origin through the tables' tasks, by one call instead of a table's row.

Files stand where the workflow puts them, so that neither does again what the other has done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fame.config.scale import Scale, Synthetic
from fame.config.tables import Recipe
from fame.data import instances
from fame.distributed import World
from fame.errors import FameError
from fame.evaluate import tasks
from fame.evaluate.colours import needed
from fame.evaluate.results import read_result
from fame.experiments import Experiments, Run, data_id, resolve
from fame.files import owned
from fame.models.adopt import adopt

TASKS = ("linear", "retrieval", "bias", "finetune")


@dataclass(frozen=True)
class Evaluation:
    """One encoder on one data instance.

    Attributes:
        scale: whose protocol is followed.
        run: the encoder.
        root: `results/<scale>`.
        data: the data instance.
    """

    scale: Scale
    run: Run
    root: Path
    data: str

    @property
    def encoder(self) -> Path:
        """The weights."""
        return self.root / "pretrain" / self.run.id / "encoder.safetensors"

    @property
    def manifest(self) -> Path:
        """The videos."""
        return self.root / "data" / self.data / "manifest.parquet"

    @property
    def world(self) -> Path | None:
        """The folder of the mini world; None for filmed videos."""
        known = isinstance(self.scale.datasets[self.data.rsplit("-w", 1)[0]], Synthetic)
        return self.manifest.with_name("world") if known else None

    @property
    def out(self) -> Path:
        """The folder of the results."""
        return self.root / "evaluate" / self.run.id / self.data


def named(experiments: Experiments, encoder: str, backbone: str | None, seed: int) -> Run:
    """The run that somebody means by an id, a run's folder or a file of weights.

    Args:
        experiments: a scale and its tables.
        encoder: a run's id, a folder that holds `encoder.safetensors`, or a file as a recipe's
            `encoder` may name.
        backbone: of the scale, for weights that are no run of the tables; None for its only one.
        seed: of the evaluation's draws, for such weights.

    Raises:
        FameError: no such run or file, or the backbone must be chosen.
    """
    if encoder in experiments.runs:
        return experiments.runs[encoder]
    scale, path = experiments.scale, Path(encoder)
    if not path.exists():
        raise FameError(
            f"{encoder}: neither a file nor a run of scale {scale.name}; `fame runs` lists those"
        )
    if backbone is None and len(scale.backbones) > 1:
        known = ", ".join(scale.backbones)
        raise FameError(f"say which backbone {encoder} is: --backbone with one of {known}")
    chosen = backbone or next(iter(scale.backbones))
    if chosen not in scale.backbones:
        raise FameError(f"scale {scale.name} has no backbone {chosen!r}; see its file")
    file = path / "encoder.safetensors" if path.is_dir() else path
    return resolve(scale, Recipe(encoder=str(file), backbone=chosen), {}, seed)


def place(scale: Scale, run: Run, dataset: str, results: Path) -> Evaluation:
    """Where an encoder's evaluation on a dataset of the scale stands."""
    if dataset not in scale.datasets:
        known = ", ".join(scale.datasets)
        raise FameError(f"scale {scale.name} has no dataset {dataset!r}; choose one of {known}")
    return Evaluation(scale, run, results / scale.name, data_id(scale, dataset, run.seed))


def evaluate(asked: Evaluation, chosen: Sequence[str], world: World) -> dict[str, dict[str, Any]]:
    """Run tasks, making first what they need and is not there; finished results are read.

    Args:
        asked: which encoder on which data.
        chosen: of TASKS.
        world: this process among its peers.

    Returns:
        The result of each task, as its file says.

    Raises:
        FameError: an unknown task, an encoder that is not pretrained, or as the tasks do.
    """
    for name in chosen:
        if name not in TASKS:
            raise FameError(f"there is no task {name!r}; choose from {', '.join(TASKS)}")
    if "bias" in chosen and asked.scale.evaluate.bias is None:
        raise FameError(f"scale {asked.scale.name} sets evaluate.bias to null; set it first")
    _prepare(asked)
    return {name: _result(asked, name, world) for name in chosen}


def _prepare(asked: Evaluation) -> None:
    """The encoder and the manifest, unless they are there."""
    if asked.run.source is not None:
        backbone = asked.scale.backbones[asked.run.backbone]
        if not asked.encoder.is_file():
            adopt(asked.run.source, asked.encoder.parent, backbone.encoder)
    elif not asked.encoder.is_file():
        raise FameError(f"{asked.encoder}: not pretrained yet; `snakemake {asked.encoder}` does it")
    if asked.manifest.is_file():
        return
    if asked.world is not None and not asked.world.exists():
        instances.generate(asked.scale, asked.data, asked.world)
    videos = instances.read(asked.scale, asked.data, asked.world, asked.scale.resources.threads)
    videos.write(asked.manifest)


def _result(asked: Evaluation, task: str, world: World) -> dict[str, Any]:
    out = asked.out / f"{task}.json"
    inputs = [asked.encoder, asked.manifest]
    if task != "finetune":
        inputs = _features(asked, world)
    if not _fresh([out], inputs):
        _compute(asked, task, out, world)
    return read_result(out)


def _features(asked: Evaluation, world: World) -> list[Path]:
    """The files of features, extracted unless they are there."""
    names = [*needed(asked.scale), *(["bias"] if asked.scale.evaluate.bias else [])]
    files = [asked.out / f"features-{name}.npz" for name in names]
    if not _fresh(files, [asked.encoder, asked.manifest]):
        tasks.extract(
            asked.scale, asked.run, asked.encoder, asked.manifest, asked.out, asked.world, world
        )
    return files


def _fresh(outputs: Sequence[Path], inputs: Sequence[Path]) -> bool:
    """Whether all outputs are there and none is older than an input."""
    if not all(path.is_file() for path in outputs):
        return False
    newest = max(path.stat().st_mtime_ns for path in inputs)
    return min(path.stat().st_mtime_ns for path in outputs) >= newest


def _compute(asked: Evaluation, task: str, out: Path, world: World) -> None:
    scale, folder = asked.scale, asked.out
    plain = folder / "features-pretraining.npz"
    if task == "linear":
        raw = folder / "features-raw.npz" if "raw" in needed(scale) else None
        tasks.linear(scale, plain, out, raw)
    elif task == "retrieval":
        source = folder / f"features-{scale.evaluate.retrieval.colours}.npz"
        tasks.retrieve(scale, source, out)
    elif task == "bias":
        tasks.bias(scale, plain, folder / "features-bias.npz", out)
    else:
        work = out.with_suffix(".work")
        with owned(work):
            tasks.finetune(scale, asked.run, asked.encoder, asked.manifest, out, work, world)
