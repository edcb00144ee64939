"""A folder of results as the workflow leaves them, small and made by hand. No torch."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from fame.core.files import sha256, write_json
from fame.data.manifest import Manifest
from fame.evaluate.metrics.accuracy import top
from fame.evaluate.results import write_predictions, write_result
from fame.pipeline.experiments import Experiments
from fame.pipeline.runs import data_id
from fame.report.publish import publish
from fame.report.tables.build import SUFFIXES, build, write

MICRO = Path(__file__).parent / "workflow" / "micro.yaml"
ROWS = [
    {"method": "moco", "backbone": "r2plus1d", "pretrain": "kinetics400"},
    {"method": "random", "backbone": "r2plus1d"},
]


def tables(place):
    """A folder with one table of two rows, probed on UCF101."""
    folder = place / "tables"
    folder.mkdir()
    columns = {"u": {"title": "UCF101", "dataset": "ucf101", "metric": "top1"}}
    rows = [
        {"show": {"method": recipe["method"]}, "task": "linear", "recipe": recipe}
        for recipe in ROWS
    ]
    head = {"name": "table5", "title": "T", "source": "none", "show": {"method": "Method"}}
    (folder / "table5.yaml").write_text(yaml.safe_dump(head | {"columns": columns, "rows": rows}))
    return folder


def _manifest(root, name, split):
    folder = root / "data" / name
    videos = [f"v{number}.avi" for number in range(4)]
    table = pd.DataFrame({"video": videos, "path": videos})
    table = table.assign(dataset=name, label="a", group=None, split=split, start=0, frames=9)
    table = table.assign(fps=9.0, width=8, height=8, status="ok")
    place = Path("results") / "micro" / "data" / name / "world"
    manifest = Manifest(name, place, table, ["a", "b"])
    manifest.write(folder / "manifest.parquet")
    (folder / "world").mkdir()
    for video in videos:
        (folder / "world" / video).write_text("frames")
    return manifest


def _pretrained(root, run, manifest):
    folder = root / "pretrain" / run.id
    folder.mkdir(parents=True)
    encoder = folder / "encoder.safetensors"
    encoder.write_text(run.id)
    card = {"encoder_sha256": sha256(encoder), "data": None, "data_fingerprint": None}
    if run.pretrain:
        card |= {"data": "kinetics400-w0", "data_fingerprint": manifest.fingerprint()}
    write_json(folder / "card.json", card)


def _evaluated(root, experiments, run):
    data = data_id(experiments.scale, "ucf101", run.seed)
    out = root / "evaluate" / run.id / data / "linear.json"
    labels, scores = np.array([0, 1, 0, 1]), np.eye(2)[[0, 1, 1, 1]]
    videos = np.array([f"v{number}" for number in range(4)])
    write_predictions(out.with_suffix(".parquet"), videos, labels, scores)
    write_result(
        out,
        task="linear",
        run=run.id,
        data=data,
        dataset="ucf101",
        seed=run.seed,
        metrics={"top1": top(scores, labels, 1)},
        details={},
    )


def make(place):
    """Make it; returns the folder of results, that of the tables, and the experiments."""
    folder, results = tables(place), place / "results"
    root = results / "micro"
    experiments = Experiments(str(MICRO), folder)
    manifest = _manifest(root, "kinetics400-w0", "train")
    _manifest(root, "ucf101-w0", "test")
    for run in experiments.runs.values():
        _pretrained(root, run, manifest)
        _evaluated(root, experiments, run)
    out = root / "tables" / "table5.csv"
    write(build(experiments, "table5", root / "evaluate"), experiments, "table5", out)
    publish([out.with_suffix(suffix) for suffix in SUFFIXES], results)
    return results, folder, experiments
