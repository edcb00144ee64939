"""A row with `encoder: path` puts weights that were made elsewhere through the same rules."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from fame.config.reading import load_scale
from fame.core.files import read_json, sha256
from fame.models import build_encoder
from fame.models.files import save_encoder

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MICRO = HERE / "micro.yaml"

# The first test that asks for `made` waits for half a minute's work.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def snakemake(place, *arguments, weights):
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    command += ["--snakefile", ROOT / "Snakefile", "--directory", place, *arguments]
    command += ["--config", f"scale={place / 'scale.yaml'}", f"tables={place / 'tables'}"]
    known = {"WEIGHTS": str(weights), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=place, env=os.environ | known, capture_output=True, text=True, check=False
    )


def table(place, name, task, metric, *encoders):
    """A table of ours with a row for each file of weights."""
    recipe = {"backbone": "r2plus1d"}
    rows = [
        {"show": {"of": path}, "task": task, "recipe": recipe | {"encoder": path}}
        for path in encoders
    ]
    columns = {"c": {"title": "C", "dataset": "ucf101", "metric": metric}}
    content = {"name": name, "title": "", "source": "", "show": {"of": "Of"}, "columns": columns}
    (place / "tables" / f"{name}.yaml").write_text(yaml.safe_dump(content | {"rows": rows}))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A scale without bias probes, weights in a folder, and three tables of which two are whole."""
    folder = tmp_path_factory.mktemp("rows")
    scale = yaml.safe_load(MICRO.read_text())
    scale["evaluate"]["bias"] = None
    (folder / "scale.yaml").write_text(yaml.safe_dump(scale))
    settings = load_scale(str(MICRO)).backbones["r2plus1d"].encoder
    save_encoder(folder / "weights" / "mine.safetensors", build_encoder(settings, seed=5))
    (folder / "tables").mkdir()
    table(folder, "table7", "retrieval", "r1", "$WEIGHTS/mine.safetensors")
    table(folder, "table8", "linear", "top1", "${WEIGHTS}/mine.safetensors")
    table(folder, "table9", "linear", "top1", "$WEIGHTS/mine.safetensors", "$WEIGHTS/gone.pth")
    return folder


@pytest.fixture(scope="module")
def made(place):
    targets = ("results/table7.csv", "results/table8.csv")
    done = snakemake(place, *targets, weights=place / "weights")
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "results"


def test_the_tables_say_which_encoder_was_measured(made):
    for name in ("table7", "table8"):
        (row,) = pd.read_csv(made / f"{name}.csv").to_dict("records")
        assert row["runs"].startswith("encoder-mine-r2plus1d-s0-")
        assert 0 <= row["c_measured"] <= 100
        assert "encoder mine," in row["measured_on"]


def test_one_run_serves_both_tables_and_its_card_names_the_file(made, place):
    (run,) = (made / "micro" / "pretrain").iterdir()
    card = read_json(run / "card.json")
    assert (card["run"], card["imported_from"]) == (run.name, "mine.safetensors")
    assert card["source_sha256"] == sha256(place / "weights" / "mine.safetensors")


def test_predictions_confusions_and_neighbours_are_kept(made):
    (folder,) = (made / "micro" / "evaluate").glob("*/ucf101-w0")
    linear, retrieval = read_json(folder / "linear.json"), read_json(folder / "retrieval.json")
    counts = pd.read_csv(folder / "linear.confusion.csv", index_col="true").to_numpy()
    assert counts.sum() == linear["details"]["n_test"]
    hits = 100 * counts.trace() / counts.sum()
    assert hits == pytest.approx(linear["metrics"]["top1"])
    each = pd.read_csv(folder / "linear.classes.csv")
    assert each["accuracy"].tolist() == pytest.approx(
        list(linear["details"]["per_class"].values()), abs=1e-3
    )
    kept = pd.read_parquet(folder / "retrieval.parquet")
    assert len(kept) == retrieval["details"]["queries"]
    assert {len(neighbours) for neighbours in kept["neighbours"]} == {50}
    for k in (1, 5, 50):
        within = 100 * kept["first_hit"].between(1, k).mean()
        assert within == pytest.approx(retrieval["metrics"][f"r{k}"])


def test_absent_weights_are_one_sentence_for_their_table_and_nothing_for_others(made, place):
    weights = place / "weights"
    done = snakemake(place, "results/table8.csv", "--dry-run", weights=weights)
    assert done.returncode == 0 and "Nothing to be done" in done.stdout + done.stderr
    done = snakemake(place, "results/table9.csv", "--dry-run", weights=weights)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert len(re.findall(r"table9, row 2: \S*/gone\.pth: no such encoder", text)) == 1


def test_other_weights_under_the_same_name_are_another_run(made, place, tmp_path):
    settings = load_scale(str(MICRO)).backbones["r2plus1d"].encoder
    save_encoder(tmp_path / "mine.safetensors", build_encoder(settings, seed=6))
    done = snakemake(place, "results/table8.csv", "--dry-run", weights=tmp_path)
    (old,) = (made / "micro" / "pretrain").iterdir()
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    assert "rule pretrain" in text and old.name not in text
