"""The command that evaluates any encoder on one dataset."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fame.cli.options import TABLES, TablesOption, ThreadsOption


def evaluate(  # noqa: PLR0913, PLR0917 - each argument is an option
    encoder: Annotated[
        str, typer.Argument(help="A run's id, its folder, an encoder.safetensors or a checkpoint.")
    ],
    dataset: Annotated[str, typer.Argument(help="A dataset of the scale, such as ucf101.")],
    scale: Annotated[
        str, typer.Option("--scale", help="The scale whose protocol is used.")
    ] = "mini",
    tasks: Annotated[
        str, typer.Option("--tasks", help="linear, retrieval, bias, finetune; separated by commas.")
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
        found = run_tasks(asked, [name.strip() for name in tasks.split(",")], peers)
    _show(found)
    print(f"in {asked.out}")


def _show(found: dict[str, dict[str, Any]]) -> None:
    for task, result in found.items():
        for metric, value in result["metrics"].items():
            print(f"{task:<10} {metric:<20} {value:8.2f}")
        chance = result["details"].get("chance")
        if chance is not None:
            print(f"{task:<10} {'(chance)':<20} {chance:8.2f}")


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(evaluate)
