"""The rules, run as a user runs them: tables from nothing, in a folder of its own.

One run makes Tables 5 and 6 at the micro scale, Table 6 with two rows more: a method and a mask
that each live in one file, and without HMDB51, which leaves a column unmeasured. No environment
is activated, and the `python` on the path is a trap.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MICRO = HERE / "micro.yaml"
METHOD = HERE / "toys" / "brightness.py"
MASK = HERE / "toys" / "left.py"
TABLES = ("results/table5.csv", "results/table6.csv")
PICTURES = ("results/figure2.png", "results/figure4.png", "results/mask_quality.png")

# The first test that asks for `made` waits for a minute's work of two idle cores.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

TOY_ROWS = f"""
  - show: {{method: Toy method}}
    task: retrieval
    recipe: {{method: "{METHOD}", backbone: r2plus1d, pretrain: kinetics400}}
  - show: {{method: Toy mask}}
    task: retrieval
    recipe: {{method: moco, backbone: r2plus1d, pretrain: kinetics400, merge: {{mask: "{MASK}"}}}}
"""


@dataclass(frozen=True)
class Outcome:
    """What a call of Snakemake left: exit status and all that it printed."""

    status: int
    text: str

    @property
    def jobs(self):
        """Rule -> number of jobs, from the list that Snakemake prints first."""
        listed = re.search(r"^job\s+count\n[-\s]+\n(.*?)^total", self.text, re.M | re.S)
        assert listed, self.text
        pairs = (line.split() for line in listed[1].splitlines())
        return {rule: int(count) for rule, count in pairs}


def environment(traps):
    """The caller's variables, but nothing of the interpreter's environment on the path."""
    own = Path(sys.executable).parent
    rest = [p for p in os.environ["PATH"].split(os.pathsep) if Path(p) != own]
    kept = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "FAME_DATA"}}
    path = os.pathsep.join([str(traps), *rest])
    return kept | {"PATH": path, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def snakemake(tmp_path_factory):
    """A function that calls Snakemake in a folder."""
    traps = tmp_path_factory.mktemp("traps")
    for name in ("python", "python3", "fame"):
        (traps / name).write_text("#!/bin/sh\necho wrong interpreter >&2\nexit 9\n")
        (traps / name).chmod(0o755)

    def call(place, *arguments):
        command = [sys.executable, "-m", "snakemake", "--cores", "2"]
        command += ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(place)]
        done = subprocess.run(
            [*command, *map(str, arguments)],
            cwd=place,
            env=environment(traps),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Outcome(done.returncode, done.stdout)

    return call


@dataclass(frozen=True)
class Made:
    """A folder in which the tables were made, its own scale and table files, and the call."""

    place: Path
    scale: Path
    tables: Path
    outcome: Outcome

    @property
    def config(self):
        return ["--config", f"scale={self.scale}", f"tables={self.tables}"]


@pytest.fixture(scope="module")
def made(snakemake, tmp_path_factory):
    place = tmp_path_factory.mktemp("a place")
    scale, tables = place / "micro.yaml", place / "tables"
    settings = yaml.safe_load(MICRO.read_text())
    del settings["datasets"]["hmdb51"]
    scale.write_text(yaml.safe_dump(settings))
    shutil.copytree(ROOT / "config" / "tables", tables)
    with (tables / "table6.yaml").open("a") as file:
        file.write(TOY_ROWS)
    config = ["--config", f"scale={scale}", f"tables={tables}"]
    outcome = snakemake(place, *TABLES, *config)
    assert outcome.status == 0, outcome.text
    return Made(place, scale, tables, outcome)


@pytest.fixture(scope="module")
def pictured(snakemake, made):
    """The same folder, with figures that read the scale and not only results."""
    outcome = snakemake(made.place, *PICTURES, *made.config)
    assert outcome.status == 0, outcome.text
    return made


@pytest.fixture(scope="module")
def tables(made):
    """Tables 5 and 6 as they came out."""
    read = {"keep_default_na": False, "na_values": [""]}
    return [pd.read_csv(made.place / path, **read) for path in TABLES]


@pytest.fixture
def edit():
    """Edits a file for the length of a test."""
    before = {}

    def replace(path, old, new):
        text = path.read_text()
        before.setdefault(path, text)
        assert old in text, old
        path.write_text(text.replace(old, new))

    yield replace
    for path, text in before.items():
        path.write_text(text)


def distinct_recipes(scale, tables=ROOT / "config" / "tables"):
    """The recipes of both tables' core that a scale can measure, told apart by their text."""
    backbones = yaml.safe_load(scale.read_text())["backbones"]
    rows = [row for path in TABLES for row in table_file(path, tables)["rows"]]
    recipes = [row["recipe"] for row in rows if "recipe" in row and "set" not in row]
    return {repr(sorted(one.items())) for one in recipes if one["backbone"] in backbones}


def table_file(path, tables=ROOT / "config" / "tables"):
    return yaml.safe_load((tables / Path(path).with_suffix(".yaml").name).read_text())


def test_every_row_names_the_scale(tables):
    assert [set(table["scale"]) for table in tables] == [{"micro"}, {"micro"}]


def test_measured_and_published_stand_apart(tables):
    table = tables[0]
    measured, quoted = table[table["comparable"].notna()], table[table["comparable"].isna()]
    assert len(measured) == 6
    assert measured["ucf101_measured"].between(0, 100).all()
    assert measured["comparable"].str.startswith("no: ").all()
    assert quoted["ucf101_measured"].isna().all()
    assert quoted["not_measured_because"].notna().all()
    published = [row for row in table_file(TABLES[0])["rows"] if row["published"]]
    assert table["ucf101_published"].count() == len(published)


def test_a_dataset_that_the_scale_lacks_is_said_to_be_missing(tables):
    measured = tables[0][tables[0]["comparable"].notna()]
    assert measured["hmdb51_measured"].isna().all()
    assert measured["not_measured_because"].str.contains("hmdb51 is not part of scale micro").all()
    assert tables[0]["hmdb51_published"].notna().any()


@pytest.mark.parametrize(
    ("title", "run"),
    [("Toy method", "brightness-r2plus1d"), ("Toy mask", "moco-left-r2plus1d")],
)
def test_one_file_and_one_row_give_measured_numbers(tables, made, title, run):
    (row,) = tables[1][tables[1]["method"] == title].to_dict("records")
    assert row["runs"].startswith(run)
    assert 0 <= row["r1_measured"] <= row["r10_measured"] <= 100
    assert (made.place / "results/micro/pretrain" / row["runs"] / "card.json").is_file()


def test_equal_recipes_are_trained_once(made):
    recipes = distinct_recipes(made.scale, made.tables)
    assert len(recipes) == 5
    assert made.outcome.jobs["pretrain"] == len(recipes)


@pytest.mark.parametrize("name", ["mini", "paper"])
def test_one_pretraining_for_each_recipe_and_seed(snakemake, tmp_path, name):
    scale = ROOT / "config" / "scales" / f"{name}.yaml"
    seeds = yaml.safe_load(scale.read_text())["seeds"]
    outcome = snakemake(tmp_path, *TABLES, "--dry-run", "--config", f"scale={name}")
    assert outcome.status == 0, outcome.text
    assert outcome.jobs["pretrain"] == len(distinct_recipes(scale)) * len(seeds)


def test_the_default_profile_is_found(made):
    assert "profiles/default" in made.outcome.text


def test_a_second_call_does_nothing(snakemake, made):
    outcome = snakemake(made.place, *TABLES, *made.config)
    assert outcome.status == 0, outcome.text
    assert "Nothing to be done" in outcome.text


def test_a_setting_makes_only_its_own_results_stale(snakemake, made, edit):
    edit(made.scale, "\n    epochs: 2\n", "\n    epochs: 3\n")  # of finetuning
    outcome = snakemake(made.place, *TABLES, "--dry-run", *made.config)
    assert set(outcome.jobs) == {"finetune", "table", "publish"}


MEASURED_FOR_PICTURES = {"training_pair": 1, "masked_clips": 1, "mask_quality": 1}
DRAWN = MEASURED_FOR_PICTURES | {"picture": 2, "figure": 1}


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("\n  clips: 2\n", "\n  clips: 3\n", {"features", "finetune"}),
        ("\nmax_short_side: null\n", "\nmax_short_side: 20\n", {"features", "finetune", *DRAWN}),
        ("\n    stride: 2\n", "\n    stride: 1\n", {"features", "finetune", *DRAWN}),
        ("hue: correct", "hue: official", {*DRAWN}),
        ("note: a test", "note: another test", {"figure", "table"}),
    ],
)
def test_whatever_uses_a_setting_is_made_again(snakemake, pictured, edit, old, new, stale):
    """All of a rule's products: an untrained encoder has no recipe that would change with it."""
    edit(pictured.scale, old, new)
    outcome = snakemake(pictured.place, *TABLES, *PICTURES, "--dry-run", *pictured.config)
    every = pictured.outcome.jobs | DRAWN
    counted = {rule: outcome.jobs.get(rule, 0) for rule in stale}
    assert counted == {rule: every[rule] for rule in stale}
    untouched = {"features", "finetune", *DRAWN} - stale
    changed = {rule for rule in untouched if outcome.jobs.get(rule, 0) == every[rule]}
    assert not changed


def test_a_published_cell_makes_only_the_table_stale(snakemake, made, edit):
    edit(made.tables / "table5.yaml", "ucf101: 84.8", "ucf101: 84.9")
    outcome = snakemake(made.place, *TABLES, "--dry-run", *made.config)
    assert outcome.jobs == {"table": 1, "publish": 1}


def test_a_changed_plug_in_means_a_new_run(snakemake, made, edit, tmp_path):
    mine = tmp_path / "mine.py"
    shutil.copy(MASK, mine)
    edit(made.tables / "table6.yaml", str(MASK), str(mine))
    before = snakemake(made.place, *TABLES, "--dry-run", *made.config)
    edit(mine, "int(beta * width)", "round(beta * width)")
    after = snakemake(made.place, *TABLES, "--dry-run", *made.config)
    runs = [set(re.findall(r"pretrain/(moco-mine-[\w-]+)", call.text)) for call in (before, after)]
    assert [len(ids) for ids in runs] == [1, 1]
    assert runs[0] != runs[1]


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("scle=mini", "unknown key scle; did you mean 'scale'"),
        ("scale=minni", "there is no scale 'minni'"),
        ("scale=absent.yaml", "absent.yaml: no such file"),
        ("tables=absent", "absent: no table files"),
    ],
)
def test_a_wrong_setting_is_one_clear_sentence(snakemake, tmp_path, setting, sentence):
    outcome = snakemake(tmp_path, *TABLES, "--dry-run", "--config", setting)
    assert outcome.status != 0
    assert len(re.findall(re.escape(sentence), outcome.text)) == 1, outcome.text
    assert "Traceback" not in outcome.text
