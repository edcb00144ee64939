"""`fame plan` against Snakemake itself, in folders of their own, at the micro scale."""

import json
import re
import subprocess
import sys

import pytest
import yaml
from micro_world import MICRO, ROOT, TABLES

from fame.pipeline.experiments import Experiments

# Several calls of Snakemake, which on a busy machine take their time.
pytestmark = pytest.mark.timeout(900)


def call(place, *command):
    return subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )


def plan(place, target, *options, scale=MICRO, tables=TABLES):
    where = ("--scale", scale, "--tables", tables)
    done = call(place, "fame", "plan", target, "--json", *where, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def snakemake(place, *arguments, scale=MICRO):
    command = ("snakemake", "--snakefile", ROOT / "Snakefile", "--directory", place, "--cores", 1)
    return call(place, *command, *arguments, "--config", f"scale={scale}")


def distinct_recipes(names):
    """Recipes of tables that micro measures, with their columns' merging, told apart as text."""
    backbones = yaml.safe_load(MICRO.read_text())["backbones"]
    datasets = yaml.safe_load(MICRO.read_text())["datasets"]
    recipes = set()
    for name in names:
        table = yaml.safe_load((TABLES / f"{name}.yaml").read_text())
        for row in (row for row in table["rows"] if "recipe" in row and "set" not in row):
            recipe = row["recipe"]
            known = recipe["backbone"] in backbones and recipe.get("pretrain") in {None, *datasets}
            for column in table["columns"].values() if known else ():
                refined = {**(recipe.get("merge") or {}), **column.get("merge", {})}
                merge = refined if recipe.get("merge") is not None else None
                if column["dataset"] in datasets:
                    recipes.add(json.dumps({**recipe, "merge": merge}, sort_keys=True))
    return recipes


def test_runs_are_distinct_recipes_times_seeds_and_snakemakes_own_jobs(tmp_path):
    seeds = [0, 1]
    scale = tmp_path / "own.yaml"
    scale.write_text(yaml.safe_dump(yaml.safe_load(MICRO.read_text()) | {"seeds": seeds}))
    planned = plan(tmp_path, "table5", scale=scale)
    assert planned["runs"] == len(distinct_recipes(["table5"])) * len(seeds)
    everything = plan(tmp_path, "all", scale=scale)
    assert everything["runs"] == len(Experiments(str(scale), TABLES).runs)
    told = snakemake(tmp_path, "--dry-run", "all", scale=scale).stdout
    (jobs,) = set(re.findall(r"^pretrain +(\d+)$", told, re.M))  # told before and after
    assert everything["runs"] == int(jobs)
    assert everything["present"] == 0


@pytest.mark.slow
def test_a_finished_run_counts_as_present_and_tells_how_long_it_took(tmp_path):
    runs = Experiments(str(MICRO), TABLES).runs
    name = next(name for name in runs if name.startswith("random"))
    before = plan(tmp_path, "table5")
    done = snakemake(tmp_path, f"results/micro/pretrain/{name}/card.json")
    assert done.returncode == 0, done.stderr
    after = plan(tmp_path, "table5")
    assert (before["present"], after["present"]) == (0, 1)
    assert before["runs"] == after["runs"]
    (row,) = (row for row in after["rows"] if row["method"] == "random")
    assert (row["needed"], row["present"], row["hours"]) == (1, 1, 0)
    assert row["each"] > 0
    assert after["complete"] is False


def test_a_plan_changes_nothing_and_needs_no_torch(tmp_path):
    code = (
        "import sys\nfrom fame.cli import app\n"
        f"sys.argv = ['fame', 'plan', 'table6', '--scale', {str(MICRO)!r}, "
        f"'--tables', {str(TABLES)!r}]\n"
        "try:\n    app()\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "3 runs needed, 0 present, 3 to make" in done.stdout
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("table55",), "nothing to plan called 'table55'; did you mean 'table5'?"),
        (("--scale", "minni"), "there is no scale 'minni'"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, arguments, sentence):
    done = call(tmp_path, "fame", "plan", "--tables", TABLES, *arguments)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert sentence in line
