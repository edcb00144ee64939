"""Verbs about encoders: list the runs, pretrain one."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, RunOption, ScaleOption, TablesOption, ThreadsOption


def runs(scale: ScaleOption = "mini", tables: TablesOption = TABLES) -> None:
    """List every run that the tables need at a scale, a line each."""
    from fame.experiments import Experiments

    for name in Experiments(scale, tables).runs:
        print(name)


def pretrain(
    scale: ScaleOption,
    run: RunOption,
    out: Annotated[Path, typer.Option("--out", help="The run's directory.")],
    tables: TablesOption = TABLES,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="The videos (none for `random`).")
    ] = None,
    threads: ThreadsOption = None,
) -> None:
    """Pretrain an encoder; the same command goes on after an interruption."""
    from contextlib import nullcontext

    from fame.data.manifest import Manifest
    from fame.distributed import world
    from fame.evaluate.monitor import monitor
    from fame.experiments import Experiments
    from fame.files import owned
    from fame.train.pretrain import pretrain as train

    experiments = Experiments(scale, tables)
    chosen, settings = experiments.run(run), experiments.scale
    videos = Manifest.read(manifest) if manifest else None
    with (
        world(threads or settings.resources.threads) as peers,
        owned(out) if peers.is_first else nullcontext(),
    ):
        watch = monitor(settings, chosen, videos, peers) if videos else None
        train(settings, chosen, videos, out, peers, watch)


def add(app: typer.Typer) -> None:
    """Register the verbs."""
    app.command()(runs)
    app.command()(pretrain)
