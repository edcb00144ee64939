"""The description of the workflow against Snakemake's own jobs."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from micro_world import ROOT, TABLES

from fame.pipeline.experiments import Experiments
from fame.pipeline.steps import RULES, Steps, applies

GRID = ROOT / "tests" / "workflow" / "micro_grid.yaml"

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Job:
    """A job as a dry run prints it; paths are relative to `results/`."""

    rule: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    logs: tuple[str, ...]
    benchmark: str | None
    wildcards: dict[str, str]


def listed(fields, key):
    words = [word for word in fields.get(key, "").split(", ") if word]
    return tuple(word.removeprefix("results/") for word in words)


def parsed(block):
    rule, *lines = block.splitlines()
    fields = dict(line.strip().split(": ", 1) for line in lines if ": " in line)
    benchmark = listed(fields, "benchmark")
    wildcards = dict(pair.split("=") for pair in listed(fields, "wildcards"))
    files = (listed(fields, key) for key in ("input", "output", "log"))
    return Job(rule.rstrip(":"), *files, benchmark[0] if benchmark else None, wildcards)


def jobs_of(place, scale, tables, *targets):
    """Every job behind some targets, done or not, by a dry run in an empty folder."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "-n"]
    command += ["--forceall", "--nolock", "--directory", place, *targets]
    command += ["--config", f"scale={scale}", f"tables={tables}"]
    done = subprocess.run(
        list(map(str, command)), cwd=place, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    blocks = done.stdout.replace("\nlocalrule ", "\nrule ").split("\nrule ")[1:]
    jobs = [parsed(block) for block in blocks]
    return [job for job in jobs if job.rule != "all"]


def copied_from_originals(place):
    """A scale with a real dataset that is read as it is and one that is read from small copies."""
    settings = yaml.safe_load((ROOT / "tests" / "workflow" / "micro.yaml").read_text())
    paper = yaml.safe_load((ROOT / "config" / "scales" / "paper.yaml").read_text())
    settings["name"] = "copies"
    settings["datasets"] = {name: paper["datasets"][name] for name in ("ucf101", "hmdb51")}
    settings["datasets"]["hmdb51"]["prepare"] = {
        **{"to": str(place / "copies"), "short_side": 32, "crf": 20, "keyframes": 4, "shards": 2},
    }
    settings["pretrain"]["epochs"] = dict.fromkeys(settings["datasets"], 1)
    settings["pretrain"]["methods"]["moco"]["queue"] = dict.fromkeys(settings["datasets"], 0)
    scale = place / "copies.yaml"
    scale.write_text(yaml.safe_dump(settings))
    return scale


def tables_of_copies(place):
    folder = place / "tables"
    folder.mkdir()
    names = ("ucf101", "hmdb51")
    recipe = {"method": "moco", "backbone": "r2plus1d"}
    rows = [
        {"show": {}, "task": task, "recipe": recipe | {"pretrain": name}}
        for task in ("linear", "finetune")
        for name in names
    ]
    columns = {name: {"title": name, "dataset": name, "metric": "top1"} for name in names}
    table = {"name": "table1", "title": "T", "source": "S", "show": {"a": "A"}, "rows": rows}
    (folder / "table1.yaml").write_text(yaml.safe_dump(table | {"columns": columns}))
    return folder


@pytest.fixture(scope="module", params=["grid", "copies"])
def asked(request, tmp_path_factory):
    """Experiments and the jobs that Snakemake would run for them."""
    place = tmp_path_factory.mktemp(request.param)
    if request.param == "grid":
        return Experiments(str(GRID), TABLES), jobs_of(place, GRID, TABLES, "all")
    scale, tables = copied_from_originals(place), tables_of_copies(place)
    jobs = jobs_of(place, scale, tables, "results/table1.csv")
    assert {"index", "index_originals", "prepare", "gather"} <= {job.rule for job in jobs}
    return Experiments(str(scale), tables), jobs


def named(template, scale, job):
    return template.format(scale=scale.name, **job.wildcards)


def test_every_job_has_a_row_with_its_files(asked):
    experiments, jobs = asked
    scale = experiments.scale
    for job in jobs:
        rule = RULES[job.rule]
        products = rule.products_of(scale)
        assert {named(file, scale, job) for file in products} == set(job.outputs), job.rule
        assert tuple(named(file, scale, job) for file in rule.logs) == job.logs
        benchmark = rule.benchmark and named(rule.benchmark, scale, job)
        assert benchmark == job.benchmark, job.rule
        assert all(rule.wildcards(file) is not None for file in job.outputs)


def test_a_rule_needs_what_makes_its_inputs(asked):
    _, jobs = asked
    makers = {file: job.rule for job in jobs for file in job.outputs}
    present = set(makers.values())
    needs = {rule: set() for rule in present}
    for job in jobs:
        needs[job.rule] |= {makers[file] for file in job.inputs if file in makers}
    for rule, made in needs.items():
        declared = set(RULES[rule].needs) & present
        # A figure may show the results of any task of the tables; these show those of some.
        assert made == declared or (rule == "figure" and made < declared), rule


def test_the_steps_of_a_result_are_snakemakes_jobs(asked):
    """Each step of each cell is a job, with the very jobs before it that make its inputs."""
    experiments, planned = asked
    scale = experiments.scale
    jobs = {job.outputs: job for job in planned}
    makers = {file: job.outputs for job in planned for file in job.outputs}
    steps = Steps(scale, Path("results") / scale.name)
    cells = experiments.cells(experiments.tables)
    for result in (
        steps.result(run, cell.dataset, cell.task) for cell in cells for run in cell.runs
    ):
        for step in result.every():
            job = jobs[makers[str(step.products[0].relative_to("results"))]]
            assert job.rule == step.rule
            before = {makers[file] for file in job.inputs if file in makers}
            expected = {makers[str(need.products[0].relative_to("results"))] for need in step.needs}
            assert before == expected, step.what


def test_rules_apply_to_the_data_that_they_are_for(tmp_path):
    scale = Experiments(str(copied_from_originals(tmp_path)), tables_of_copies(tmp_path)).scale
    of = {
        data: {name for name, rule in RULES.items() if applies(rule, scale, data)}
        for data in ("ucf101", "hmdb51")
    }
    assert of["hmdb51"] - of["ucf101"] == {"index_originals", "prepare", "gather"}
    assert of["ucf101"] - of["hmdb51"] == {"index"}


def test_a_path_says_of_which_job_it_is():
    features = RULES["features"]
    wildcards = features.wildcards("mini/evaluate/moco-s0-12/ucf101-w0/features-raw.npz")
    assert wildcards == {
        "scale": "mini",
        "run": "moco-s0-12",
        "data": "ucf101-w0",
        "features": "raw",
    }
    part = RULES["prepare"].wildcards("paper/data/ucf101/prepared/0-of-2.json")
    assert part == {"scale": "paper", "data": "ucf101", "shard": "0", "shards": "2"}
    assert RULES["linear"].wildcards("mini/evaluate/a/b/retrieval.json") is None
