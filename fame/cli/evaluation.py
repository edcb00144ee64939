"""Commands that evaluate an encoder: encode features, probe them, retrieve, finetune."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from fame.cli.options import (
    TABLES,
    ManifestOption,
    RunOption,
    ScaleOption,
    TablesOption,
    ThreadsOption,
    check_out,
)
from fame.pipeline.tasks import ON_FEATURES, PACKAGE, TASKS

EncoderOption = Annotated[Path, typer.Option("--encoder", help="encoder.safetensors of the run.")]
FolderOption = Annotated[Path, typer.Option("--out", help="The folder for features-*.npz.")]
FeaturesOption = Annotated[Path, typer.Option("--features", help="The folder of features-*.npz.")]
WorldOption = Annotated[
    Path | None,
    typer.Option("--world", help="The mini world of the videos, for true masks."),
]
OutOption = Annotated[
    Path, typer.Option("--out", help="The .json to write; other results go beside it.")
]


def features(
    scale: ScaleOption,
    run: RunOption,
    encoder: EncoderOption,
    manifest: ManifestOption,
    out: FolderOption,
    tables: TablesOption = TABLES,
    threads: ThreadsOption = None,
) -> None:
    """Encode every video of a dataset once, for linear probe and retrieval."""
    from fame.core.distributed import world
    from fame.evaluate.features.extract import run as task
    from fame.pipeline.experiments import Experiments

    experiments = Experiments(scale, tables)
    settings, chosen = experiments.scale, experiments.run(run)
    with world(threads or settings.resources.threads, settings.resources.deterministic) as peers:
        task(settings, chosen, encoder, manifest, out, peers)


def conditions(
    scale: ScaleOption,
    run: RunOption,
    encoder: EncoderOption,
    manifest: ManifestOption,
    out: FolderOption,
    mini_world: WorldOption = None,
    tables: TablesOption = TABLES,
    threads: ThreadsOption = None,
) -> None:
    """Encode the test videos under every condition of the bias probes (docs/bias.md)."""
    from fame.core.distributed import world
    from fame.evaluate.bias.encode import run as task
    from fame.pipeline.experiments import Experiments

    experiments = Experiments(scale, tables)
    settings, chosen = experiments.scale, experiments.run(run)
    with world(threads or settings.resources.threads, settings.resources.deterministic) as peers:
        task(settings, chosen, encoder, manifest, out, mini_world, peers)


def on_features(name: str) -> Callable[..., None]:
    """The command of a task that reads features only."""

    def command(scale: ScaleOption, features: FeaturesOption, out: OutOption) -> None:
        from fame.config.reading import load_scale
        from fame.core import registry
        from fame.core.distributed import one_thread

        check_out(out, ".json")
        one_thread()
        registry.load(PACKAGE, name, "run")(load_scale(scale), features, out)

    command.__doc__ = TASKS[name].does
    return command


def finetune(
    scale: ScaleOption,
    run: RunOption,
    encoder: EncoderOption,
    manifest: ManifestOption,
    out: OutOption,
    tables: TablesOption = TABLES,
    threads: ThreadsOption = None,
) -> None:
    """Finetune an encoder on a dataset and write its accuracy; rerun to resume."""
    from fame.core.distributed import world
    from fame.evaluate.tasks.finetune import run as task
    from fame.pipeline.experiments import Experiments

    check_out(out, ".json")
    experiments = Experiments(scale, tables)
    settings, chosen = experiments.scale, experiments.run(run)
    with world(threads or settings.resources.threads, settings.resources.deterministic) as peers:
        task(settings, chosen, encoder, manifest, out, peers)


def activation(
    scale: ScaleOption,
    run: RunOption,
    encoder: EncoderOption,
    manifest: ManifestOption,
    out: OutOption,
    mini_world: WorldOption = None,
    tables: TablesOption = TABLES,
    threads: ThreadsOption = None,
) -> None:
    """Compute activation maps on test videos, and their share on the foreground."""
    from fame.core.distributed import world
    from fame.evaluate.tasks.activation import run as task
    from fame.pipeline.experiments import Experiments

    check_out(out, ".json")
    experiments = Experiments(scale, tables)
    settings, chosen = experiments.scale, experiments.run(run)
    with world(threads or settings.resources.threads, settings.resources.deterministic) as peers:
        task(settings, chosen, encoder, manifest, out, peers, mini_world)


def evaluate(  # noqa: PLR0913, PLR0917 - each argument is an option
    encoder: Annotated[
        str, typer.Argument(help="A run's id, its folder, an encoder.safetensors or a checkpoint.")
    ],
    dataset: Annotated[str, typer.Argument(help="A dataset of the scale, such as ucf101.")],
    scale: Annotated[
        str, typer.Option("--scale", help="The scale whose protocol is used.")
    ] = "mini",
    tasks: Annotated[
        str, typer.Option("--tasks", help=f"Of {', '.join(TASKS)}; separated by commas.")
    ] = "linear,retrieval",
    backbone: Annotated[
        str | None,
        typer.Option("--backbone", help="Backbone of external weights (a key of the scale)."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of the evaluation, for external weights.")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="A manifest other than the workflow's.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A folder for the results other than below --results."),
    ] = None,
    results: Annotated[Path, typer.Option("--results", help="The folder of results.")] = Path(
        "results"
    ),
    tables: TablesOption = TABLES,
    threads: ThreadsOption = None,
) -> None:
    """Evaluate any encoder by the tables' protocol; finished results are reused."""
    from fame.core.distributed import world
    from fame.evaluate.protocol import evaluate as run_tasks
    from fame.evaluate.protocol import named, place
    from fame.pipeline.experiments import Experiments

    experiments = Experiments(scale, tables)
    settings = experiments.scale
    chosen = named(experiments, encoder, backbone, seed, results)
    asked = place(settings, chosen, dataset, results, manifest, out)
    with world(threads or settings.resources.threads, settings.resources.deterministic) as peers:
        outcomes = run_tasks(asked, [name.strip() for name in tasks.split(",")], peers)
    _show(outcomes)
    print(f"in {asked.out}")


def _show(outcomes: dict[str, dict[str, Any]]) -> None:
    for task, result in outcomes.items():
        for metric, value in result["metrics"].items():
            print(f"{task:<10} {metric:<20} {value:8.2f}")
        chance = result["details"].get("chance")
        if chance is not None:
            print(f"{task:<10} {'(chance)':<20} {chance:8.2f}")


def add(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (evaluate, features, conditions, finetune, activation):
        app.command()(command)
    for name in ON_FEATURES:
        app.command(name)(on_features(name))
