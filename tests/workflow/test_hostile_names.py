"""Names that a shell would run, from folders to videos, pass through the workflow as names.

And no variable of the environment is written down: one that looks like a secret leaves no trace.
"""

import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
import yaml
from micro_world import ROOT

HOSTILE = 'it\'s "so" $(touch pwned) `touch pwned` (x) & ; touch pwned # {y}'
SECRET = "hunter2-must-not-be-written-down"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture
def videos(micro, tmp_path):
    """Generated videos in the layout of Kinetics-400, with hostile folders, classes and names."""
    world, root = micro.videos(), tmp_path / HOSTILE / "videos"
    for number, row in enumerate(world.table.itertuples()):
        split = "train" if row.split == "train" else "test"
        folder = root / split / f"-{row.label} {HOSTILE}"
        folder.mkdir(parents=True, exist_ok=True)
        source = (micro.place / "kinetics400-w0" / "videos" / row.path).resolve()
        shutil.copy(source, folder / f"-rf {HOSTILE}{number}_000000_000010.mp4")
    return root


@pytest.fixture
def scale(videos, tmp_path):
    """The micro scale on these videos alone."""
    micro = yaml.safe_load((ROOT / "tests" / "workflow" / "micro.yaml").read_text())
    micro["datasets"] = {
        "kinetics400": {
            **{"kind": "kinetics400", "title": HOSTILE, "root": str(videos)},
            **{"annotations": None, "split": 1, "missing": "error", "tolerance": 0},
            **{"verify": {"frames": "all", "seconds": 60}, "prepare": None},
        }
    }
    micro["note"] = HOSTILE
    micro["pretrain"]["epochs"] = {"kinetics400": 1}
    micro["pretrain"]["methods"]["moco"]["queue"] = {"kinetics400": 8}
    micro["evaluate"]["linear"]["lrs"] = [1]
    micro["evaluate"]["retrieval"]["ranks"] = [1]
    for measure in ("activation", "masks"):
        micro["evaluate"][measure]["dataset"] = "kinetics400"
    path = tmp_path / HOSTILE / f"scale {HOSTILE}.yaml"
    path.write_text(yaml.safe_dump(micro))
    return path


@pytest.fixture
def tables(tmp_path):
    """Table 5 with one row, whose mask is a file with a hostile name."""
    mask = tmp_path / HOSTILE / f"mask {HOSTILE}.py"
    shutil.copy(ROOT / "tests" / "workflow" / "toys" / "left.py", mask)
    column = {"title": HOSTILE, "dataset": "kinetics400", "metric": "top1"}
    recipe = {"method": "moco", "backbone": "r2plus1d", "pretrain": "kinetics400"}
    recipe["merge"] = {"mask": str(mask)}
    row = {"show": {"method": HOSTILE}, "task": "linear", "recipe": recipe}
    table = {"name": "table5", "title": HOSTILE, "source": HOSTILE, "show": {"method": "Method"}}
    folder = tmp_path / HOSTILE / f"tables {HOSTILE}"
    folder.mkdir()
    table |= {"columns": {"k": column}, "rows": [row]}
    (folder / "table5.yaml").write_text(yaml.safe_dump(table))
    return folder


def test_hostile_names_are_names(videos, scale, tables, tmp_path):
    place = tmp_path / HOSTILE / f"results of {HOSTILE}"
    place.mkdir()
    words = ["run", "results/table5.csv", "--directory", place, "--snakefile", ROOT / "Snakefile"]
    words += ["--scale", scale, "--tables", tables]
    done = subprocess.run(
        [sys.executable, "-m", "fame", *map(str, words)],
        cwd=place,
        env=os.environ | {"OMP_NUM_THREADS": "1", "AWS_SECRET_ACCESS_KEY": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    table = pd.read_csv(place / "results" / "table5.csv")
    assert table["method"].tolist() == [HOSTILE] and table["k_n"].tolist() == [1]
    manifest = pd.read_parquet(next(place.glob("results/micro/data/*/manifest.parquet")))
    assert len(manifest) == 24 and (manifest["status"] == "ok").all()
    assert manifest["video"].str.contains(HOSTILE, regex=False).all()

    everything = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in everything if path.name == "pwned"] == []
    written = [path for path in everything if SECRET.encode() in path.read_bytes()]
    assert written == [] and SECRET not in done.stdout
