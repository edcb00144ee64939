"""A folder of results as the workflow leaves it, with numbers that were made up."""

import shutil

import numpy as np
import pandas as pd
from matplotlib import image
from safetensors.numpy import save

from fame.config.claims import load_claims
from fame.core.files import sha256, write_json
from fame.evaluate.results import write_result
from fame.pipeline.experiments import Experiments, result_file
from fame.pipeline.figures import declared
from fame.pipeline.runs import data_id
from fame.report.claims import judge as claims
from fame.report.page.page import page, write
from fame.report.publish import publish
from fame.report.tables.build import SUFFIXES, build
from fame.report.tables.build import write as write_table

METRICS = ("top1", "r1", "r5", "r10", "r20", "r50", "background_reliance")


def experiments(scale, root):
    return Experiments(scale, root / "config" / "tables")


def write_results(given, results):
    """Every result of a scale: 40 + 2 * seed percent, plus 10 for FAME, in each metric."""
    for cell in given.cells(given.tables):
        for number, run in enumerate(cell.runs):
            path = results / result_file(given.scale, run, cell.dataset, cell.task)
            value = 40 + 2 * number + (10 if run.merge else 0)
            write_result(
                path,
                task=cell.task,
                run=run.id,
                data=data_id(given.scale, cell.dataset, run.seed),
                dataset=cell.dataset,
                seed=run.seed,
                metrics=dict.fromkeys(METRICS, float(value)),
                details={},
            )


def make(root, place, scale="mini"):
    """Fill `<place>/<scale>` with all that the page shows.

    Returns the scale's experiments and the folder.
    """
    given, folder = experiments(scale, root), place / scale
    write_results(given, folder / "evaluate")
    for name in given.tables:
        frame = build(given, name, folder / "evaluate")
        write_table(frame, given, name, folder / "tables" / f"{name}.csv")
        publish([folder / "tables" / f"{name}{suffix}" for suffix in SUFFIXES], place)
    for name, figure in declared().items():
        _draw(name, figure, folder / "figures")
    located = load_claims(root / "config" / "claims.yaml", given.tables)
    findings = claims.judge(given, located, folder / "evaluate")
    frame = claims.tabulate(findings, given)  # without its forest plot, which takes seconds
    frame.round(claims.DECIMALS).to_csv(folder / "figures" / "claims.csv", index=False)
    for number, run in enumerate(given.runs):
        _pretrain(folder / "pretrain" / run, run, given.scale.name, number)
    return given, folder


def _grey(file):
    image.imsave(file, np.full((300, 900), 0.5), cmap="gray", vmin=0, vmax=1)


def _draw(name, figure, folder):
    """A picture, and numbers in all columns of the table."""
    folder.mkdir(exist_ok=True)
    _grey(folder / f"{name}.png")
    if figure.columns:
        rows = [dict.fromkeys(figure.columns, value) for value in (0.123456, 12.3456, float("nan"))]
        if figure.first:
            rows = [row | {figure.first[0]: figure.first[1]} for row in rows] + [rows[0]]
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)


def _pretrain(folder, run, scale, number):
    """An encoder of six numbers and one buffer, its card, and its benchmark file."""
    folder.mkdir(parents=True)
    encoder = folder / "encoder.safetensors"
    tensors = {"conv.weight": np.zeros((2, 3)), "norm.running_mean": np.zeros(5)}
    encoder.write_bytes(save(tensors, {"run": run}))
    facts = {"run": run, "scale": scale, "encoder_sha256": sha256(encoder), "seconds": 60.0}
    facts |= {"code": "0.1.0", "peak_memory_mib": {"host": 1024.0}, "note": "<b>not bold</b>"}
    facts["environment"] = {"python": "3.11", "device": "cpu", "packages": {"torch": "2"}}
    write_json(folder / "card.json", facts)
    (folder / "pretrain.benchmark.tsv").write_text(
        f"s\th:m:s\tmax_rss\n{60 + number}\t0:01:00\t1000.6\n"
    )


def publish_page(given, folder):
    """Write the page where the workflow puts it, beside the scale's folder."""
    write(page(given, folder), folder / "report.html")
    shutil.copy(folder / "report.html", folder.parent / "report.html")
    return folder.parent / "report.html"
