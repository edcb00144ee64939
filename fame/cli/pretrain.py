"""Commands for encoders: list the runs, pretrain one, import one."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, RunOption, ScaleOption, TablesOption, ThreadsOption


def runs(
    scale: ScaleOption = "mini",
    tables: TablesOption = TABLES,
    comparison: Annotated[
        bool, typer.Option("--comparison", help="Those that the target comparison needs instead.")
    ] = False,
) -> None:
    """List every run that the tables need at a scale, one per line."""
    from fame.core.errors import FameError
    from fame.pipeline.experiments import Experiments

    experiments = Experiments(scale, tables)
    for name in experiments.comparison_runs if comparison else experiments.runs:
        print(name)
    if experiments.absent:
        raise FameError("; ".join(experiments.absent))


def pretrain(
    scale: ScaleOption,
    run: RunOption,
    out: Annotated[Path, typer.Option("--out", help="The run's directory.")],
    tables: TablesOption = TABLES,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="Manifest of the videos (none for `random`).")
    ] = None,
    threads: ThreadsOption = None,
    processes: Annotated[
        int,
        typer.Option(min=0, help="Processes, one for each GPU; the result does not depend on it."),
    ] = 1,
    nodes: Annotated[
        int, typer.Option(min=1, help="Machines of this Slurm job that share the processes.")
    ] = 1,
) -> None:
    """Pretrain an encoder, or import a finished one; rerun to resume after an interruption."""
    from fame.core.files import owned
    from fame.operate.launch import under_torchrun
    from fame.pipeline.experiments import Experiments

    experiments = Experiments(scale, tables)
    chosen, settings = experiments.run(run), experiments.scale
    if chosen.source is not None:
        from fame.models.import_weights import import_run

        with owned(out):
            import_run(settings, chosen, out)
        return
    under_torchrun(processes, nodes, threads or settings.resources.threads)

    from contextlib import nullcontext

    from fame.core.distributed import world
    from fame.data.manifest import Manifest
    from fame.evaluate.monitor import monitor
    from fame.train.pretrain import pretrain as train

    videos = Manifest.read(manifest) if manifest else None
    with (
        world(threads or settings.resources.threads, settings.resources.deterministic) as peers,
        owned(out) if peers.is_first else nullcontext(),
    ):
        watch = monitor(settings, chosen, videos, peers) if videos else None
        train(settings, chosen, videos, out, peers, watch)


def import_official(
    file: Annotated[Path, typer.Argument(help="The authors' checkpoint, or torchvision's.")],
    out: Annotated[Path, typer.Option("--out", help="The folder for the encoder and its card.")],
) -> None:
    """Convert a published checkpoint to an encoder of ours, without running code from the file."""
    from fame.models.import_weights import import_weights

    card = import_weights(file, out)
    print(f"{out / 'encoder.safetensors'}: {card['arch']}, {len(card['keys'])} tensors")


def add(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(runs)
    app.command()(pretrain)
    app.command("import-official")(import_official)
