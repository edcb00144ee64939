"""The example scale for real clips, shortened: few videos, one epoch, two rows of Table 5."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config" / "examples" / "real_clips.yaml"
CLASSES = {"UCF-101": ["Punch", "Swing"], "jhmdb": ["clap", "golf"]}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture
def clips(shared, tmp_path):
    """A folder with two whole classes of each dataset, linked."""
    for dataset, classes in CLASSES.items():
        (tmp_path / "clips" / dataset).mkdir(parents=True)
        for name in classes:
            source = (shared / "videos" / dataset / name).resolve()
            (tmp_path / "clips" / dataset / name).symlink_to(source)
    return tmp_path / "clips"


@pytest.fixture
def scale(tmp_path):
    """The example with fewer epochs, clips and pixels."""
    settings = yaml.safe_load(EXAMPLE.read_text())
    settings["max_short_side"] = 40
    settings["pretrain"] |= {
        "epochs": dict.fromkeys(settings["pretrain"]["epochs"], 1),
        "batch": 8,
        "group": 8,
    }
    settings["evaluate"]["clips"] = 2
    settings["evaluate"]["bias"]["clips"] = 2
    settings["evaluate"]["finetune"] |= {"epochs": 1, "batch": 8, "group": 8}
    settings["evaluate"]["retrieval"]["ranks"] = [1]
    (tmp_path / "short.yaml").write_text(yaml.safe_dump(settings))
    return tmp_path / "short.yaml"


@pytest.fixture
def tables(tmp_path):
    """Table 5 with FAME's two rows on R(2+1)D."""
    table = yaml.safe_load((ROOT / "config" / "tables" / "table5.yaml").read_text())
    table["rows"] = [
        row
        for row in table["rows"]
        if row["show"]["method"] == "FAME" and row["recipe"]["backbone"] == "r2plus1d"
    ]
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "table5.yaml").write_text(yaml.safe_dump(table))
    return tmp_path / "tables"


def test_real_clips_make_a_table(clips, scale, tables, shared, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--snakefile", ROOT / "Snakefile"]
    command += ["--directory", place, "results/table5.csv"]
    command += ["--config", f"scale={scale}", f"tables={tables}"]
    lists = shared / "annotations"
    variables = {"FAME_CLIPS": str(clips), "FAME_LISTS": str(lists), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command,
        cwd=place,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    table = pd.read_csv(place / "results" / "table5.csv")
    assert set(table["scale"]) == {"real-clips"}
    assert len(table) == 2
    assert table[["ucf101_measured", "hmdb51_measured"]].stack().between(0, 100).all()
    assert table["comparable"].str.startswith("no: ").all()
