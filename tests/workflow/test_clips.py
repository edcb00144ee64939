"""The scale for real clips on one GPU, shortened to a CPU: the shipped file, changed."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from changed_scale import scale_with

from fame.data import datasets

ROOT = Path(__file__).parents[2]
CLASSES = ["Punch", "Swing", "clap", "golf"]
EACH = 4
"""Videos of a class and split."""

SHORT = {
    "seeds": [10],
    "max_short_side": 40,
    "backbones.r2plus1d.encoder.width": 8,
    "backbones.r2plus1d.encoder.layers": [1, 1, 1, 1],
    "backbones.r2plus1d.size": 32,
    "pretrain.batch": 8,
    "pretrain.group": 8,
    "pretrain.epochs.kinetics400": 1,
    "pretrain.precision": "float32",
    "evaluate.clips": 2,
    "evaluate.bias.clips": 2,
    "evaluate.linear.lrs": [5],
    "evaluate.linear.epochs": 10,
    "evaluate.retrieval.ranks": [1],
    "resources.threads": 1,
    "resources.gpus": 0,
    "resources.workers": 0,
    "resources.mem_mb": 1500,
    "resources.short.mem_mb": 1500,
}
COLUMNS = ["linear_ucf101", "reliance_ucf101"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture
def clips(small_clips, shared, tmp_path):
    """A folder with a few clips of two classes of each dataset, linked."""
    lists, place = shared / "annotations", tmp_path / "clips"
    table = datasets.match("ucf101_hmdb51", small_clips, lists).table
    chosen = table[table["label"].isin(CLASSES)].groupby(["label", "split"]).head(EACH)
    for path in chosen["path"]:
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).symlink_to((small_clips / path).resolve())
    return place


@pytest.fixture
def scale(tmp_path):
    """The shipped file, shortened."""
    short = scale_with(SHORT, "clips").model_dump(mode="json")
    (tmp_path / "short.yaml").write_text(yaml.safe_dump(short))
    return tmp_path / "short.yaml"


@pytest.fixture
def tables(tmp_path):
    """FAME's row of `probes`: linear probe and background reliance."""
    table = yaml.safe_load((ROOT / "config" / "tables" / "probes.yaml").read_text())
    table["rows"] = [row for row in table["rows"] if row["show"]["method"] == "FAME"]
    table["columns"] = {name: table["columns"][name] for name in COLUMNS}
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "probes.yaml").write_text(yaml.safe_dump(table))
    return tmp_path / "tables"


def test_small_real_clips_are_pretrained_on_probed_and_altered(
    clips, scale, tables, shared, tmp_path
):
    place = tmp_path / "place"
    place.mkdir()
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--snakefile", ROOT / "Snakefile"]
    command += ["--directory", place, "results/probes.csv"]
    command += ["--config", f"scale={scale}", f"tables={tables}"]
    variables = {"FAME_CLIPS": str(clips), "FAME_LISTS": str(shared / "annotations")}
    done = subprocess.run(
        command,
        cwd=place,
        env=os.environ | variables | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (row,) = pd.read_csv(place / "results" / "probes.csv").to_dict("records")
    assert (row["scale"], row["comparable"].split(":")[0]) == ("clips", "no")
    assert 0 <= row["linear_ucf101_measured"] <= 100
    (bias,) = (place / "results" / "clips" / "evaluate").glob("*/ucf101/bias.json")
    assert yaml.safe_load(bias.read_text())["details"]["foreground"] == "fame"
    videos = pd.read_parquet(bias.with_suffix(".parquet"))
    assert len(videos) == 2 * EACH  # UCF101's two classes
    assert {"background", "conflict", "frozen"} <= set(videos)
