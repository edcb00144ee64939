"""A task is one file: a table's row asks for it, the workflow and `fame evaluate` compute it."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from micro_world import MICRO, ROOT

pytestmark = pytest.mark.timeout(600)

RESULT = "results/micro/evaluate/{run}/ucf101-w0/class_mean.json"


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    """Runs fame on a copy of the project that holds one task more; what it printed."""
    copy = tmp_path_factory.mktemp("copy")
    for name in ("fame", "workflow", "config", "profiles"):
        shutil.copytree(ROOT / name, copy / name)
    for name in ("Snakefile", "environment.yml"):
        shutil.copy(ROOT / name, copy)
    shutil.copy(
        ROOT / "tests" / "workflow" / "toys" / "class_mean.py", copy / "fame/evaluate/tasks"
    )

    def fame(*arguments, ok=True, place=copy):
        done = subprocess.run(
            [sys.executable, "-m", "fame", *map(str, arguments)],
            cwd=place,
            env=os.environ | {"PYTHONPATH": str(copy)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) is ok, done.stdout
        return done.stdout

    return fame


def table(folder, metric):
    """A folder with a table whose only row asks an untrained encoder for the toy."""
    row = {"show": {"a": "untrained"}, "task": "class_mean", "recipe": {"method": "random"}}
    row["recipe"]["backbone"] = "r2plus1d"
    columns = {"ucf101": {"title": "UCF101", "dataset": "ucf101", "metric": metric}}
    content = {"name": "table9", "title": "T", "source": "S", "show": {"a": "A"}}
    folder.mkdir()
    (folder / "table9.yaml").write_text(
        yaml.safe_dump(content | {"rows": [row], "columns": columns})
    )
    return folder


@pytest.mark.slow
def test_a_row_is_computed_by_the_workflow_and_again_by_evaluate(call, tmp_path):
    tables = table(tmp_path / "tables", "top1")
    given = ("--scale", MICRO, "--tables", tables)
    call("run", "table9", *given, "--directory", tmp_path, "--cores", 1)
    frame = pd.read_csv(tmp_path / "results" / "table9.csv")
    made = tmp_path.glob(RESULT.format(run="*"))
    results = [json.loads(file.read_text()) for file in made]
    accuracies = [result["metrics"]["top1"] for result in results]
    assert frame["ucf101_measured"].tolist() == [pytest.approx(np.mean(accuracies), abs=0.01)]
    result = results[0]
    assert result["details"]["versions"] == {"features": 1, "class_mean": 1}
    encoder = tmp_path / "results" / "micro" / "pretrain" / result["run"]
    asked = ("evaluate", encoder, "ucf101", "--tasks", "class_mean", "--out", tmp_path / "own")
    said = call(*asked, *given, place=tmp_path)
    assert f"{result['metrics']['top1']:.2f}" in said
    again = json.loads((tmp_path / "own" / "class_mean.json").read_text())
    assert again["metrics"] == result["metrics"]
    assert "class_mean" in call("--help-all")


def test_a_metric_that_it_does_not_declare_is_refused(call, tmp_path):
    tables = table(tmp_path / "tables", "top5")
    said = call("runs", "--scale", MICRO, "--tables", tables, ok=False)
    assert "class_mean at scale 'micro' gives no metric 'top5'; choose one of top1" in said
