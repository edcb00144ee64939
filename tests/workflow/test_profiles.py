"""Profiles and resources, by dry run: what rules ask for, and how Slurm's jobs are cut."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from fame.pipeline import tasks

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROFILES = ROOT / "profiles"
ASKED = {
    "threads": 3,
    "nodes": 2,
    "gpus": 2,
    "mem_mb": 7000,
    "runtime": 70,
    "short": {"mem_mb": 900, "runtime": 9},
}
ON_GPU = {"pretrain", "features", "conditions", "finetune", "activation"}
HEAVY = {"world", "index", "mask_quality", *ON_GPU}
REAL = {"source"}  # for real datasets only; runs where Snakemake runs
GROUPS = {
    "data": {"world", "index"},
    "evaluation": {"features", "conditions", "linear", "bias", "knn", "retrieval"},
    "table": {"table", "publish"},
    "page": {"report", "publish_report"},
}

pytestmark = pytest.mark.timeout(600)


def snakemake(place, *arguments, variables=None):
    """Call Snakemake in a folder at the micro scale, but with the resources above."""
    scale = yaml.safe_load((HERE / "micro.yaml").read_text())
    scale["resources"] |= ASKED
    (place / "scale.yaml").write_text(yaml.safe_dump(scale))
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile"]
    command += ["--directory", place, *arguments, "--config", "scale=scale.yaml"]
    done = subprocess.run(
        command,
        cwd=place,
        env=os.environ | (variables or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@dataclass(frozen=True)
class Job:
    """A job as a dry run prints it."""

    rule: str
    target: str
    threads: int
    resources: dict[str, str]


def jobs_of(text):
    """Every job that is printed, alone or in a group."""
    blocks = re.findall(r"^ *(?:local)?rule (\w+):\n((?:(?! *\[).+\n)+)", text, re.M)
    jobs = []
    for rule, block in blocks:
        fields = dict(re.findall(r"^ *(\w+): (.*)$", block, re.M))
        if rule != "all":
            resources = dict(pair.split("=", 1) for pair in fields["resources"].split(", "))
            threads = int(fields.get("threads", 1))
            jobs.append(Job(rule, fields["output"].split(", ")[0], threads, resources))
    return jobs


def groups_of(text):
    """The jobs of every group job that is printed, and the group's name."""
    parts = re.split(r"^\[.*\] Group job (\w+) .*\n", text, flags=re.M)
    names, bodies = parts[1::2], parts[2::2]
    # A group's jobs are indented; what follows them is not.
    return [
        (name, jobs_of(re.match(r"(?:\n| .*\n)+", body)[0]))
        for name, body in zip(names, bodies, strict=True)
    ]


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """Everything, on one machine: the dry run's text."""
    place = tmp_path_factory.mktemp("here")
    status, text = snakemake(place, "--dry-run", "--cores", "8", "all")
    assert status == 0, text
    return text


@pytest.fixture(scope="module")
def on_slurm(tmp_path_factory):
    """Everything, on a cluster: the dry run's text."""
    place = tmp_path_factory.mktemp("slurm")
    profile = ("--workflow-profile", PROFILES / "slurm")
    status, text = snakemake(place, "--dry-run", *profile, "all")
    assert status == 0, text
    return text


def test_every_rule_asks_for_what_the_scale_says(planned):
    jobs = jobs_of(planned)
    files = (ROOT / "workflow" / "rules").glob("*.smk")
    named = re.compile(r"^(?:use rule \w+ as|rule) (\w+)", re.M)
    rules = {name for path in files for name in named.findall(path.read_text())}
    rules |= set(tasks.ON_FEATURES)  # one rule in the file, named by each task
    assert {job.rule for job in jobs} == rules - REAL
    for job in jobs:
        wanted = ASKED if job.rule in HEAVY else ASKED["short"]
        asked = {name: int(job.resources[name]) for name in ("mem_mb", "runtime")}
        assert asked == {name: wanted[name] for name in asked}, job
        assert ("gpu" in job.resources) == (job.rule in ON_GPU), job


def test_all_gpus_are_for_training_and_one_for_the_rest(planned):
    for job in jobs_of(planned):
        if job.rule in ON_GPU:
            trains = job.rule == "pretrain" and "random" not in job.target
            assert int(job.resources["gpu"]) == (4 if trains else 1), job
            assert int(job.resources.get("nodes", 1)) == (2 if trains else 1), job
            assert job.threads == 3, job
            # Only a job on several machines may start its tasks by itself.
            assert ("mpi" in job.resources) == ("tasks" in job.resources) == trains, job


def test_a_short_job_that_failed_gets_more(tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        'import os, sys\nif sys.orig_argv[1:4] == ["-m", "fame", "table"]:\n    os._exit(3)\n'
    )
    path = os.pathsep.join([str(broken), str(ROOT)])
    target = "results/micro/tables/table1.csv"
    arguments = ("--cores", "1", "--retries", "2", target)
    status, text = snakemake(tmp_path, *arguments, variables={"PYTHONPATH": path})
    assert status != 0, text
    attempts = [(job.resources["mem_mb"], job.resources["runtime"]) for job in jobs_of(text)]
    assert attempts == [("900", "9"), ("1800", "18"), ("2700", "27")]


def test_minutes_of_work_ride_in_one_slurm_job(planned, on_slurm):
    groups = groups_of(on_slurm)
    for name, jobs in groups:
        if name in GROUPS:
            assert {job.rule for job in jobs} <= GROUPS[name]
            assert len({job.rule for job in jobs}) > 1, jobs
    grouped = sum(len(jobs) for _, jobs in groups)
    everything = len(jobs_of(planned))
    assert len(jobs_of(on_slurm)) == everything
    alone = {job.rule for job in jobs_of(on_slurm)} - {j.rule for _, jobs in groups for j in jobs}
    assert alone == {"pretrain", "finetune", "activation", "mask_quality"}
    assert len(groups) < grouped / 2


def test_no_group_makes_two_tables_wait_for_each_other(on_slurm):
    """A failed run must cost the tables that need it, and no other."""
    for name, jobs in groups_of(on_slurm):
        targets = {Path(job.target).stem for job in jobs if job.rule in {"table", "publish"}}
        assert len(targets) == (1 if name == "table" else 0)
        drawn = [job for job in jobs if job.rule in {"figure", "picture", "claims", "confusion"}]
        assert name != "figure" or len(drawn) == 1


def test_a_cluster_is_not_held_to_the_gpus_of_one_machine(on_slurm):
    """Were a limit set, a job that asks for more would be printed with less."""
    profile = yaml.safe_load((PROFILES / "slurm" / "config.yaml").read_text())
    (limit,) = (int(item.split("=")[1]) for item in profile["resources"] if "gpu=" in item)
    largest = max(int(job.resources.get("gpu", 0)) for job in jobs_of(on_slurm))
    assert largest == 4 < limit


def test_kubernetes_plans_the_same_jobs(planned, tmp_path):
    profile = ("--workflow-profile", PROFILES / "kubernetes")
    status, text = snakemake(tmp_path, "--dry-run", *profile, "all")
    assert status == 0, text
    assert sorted(job.rule for job in jobs_of(text)) == sorted(j.rule for j in jobs_of(planned))
    assert (PROFILES / "kubernetes" / "config.yaml").read_text().startswith("# UNTESTED")


@pytest.mark.parametrize("path", [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")])
def test_rules_know_no_executor(path):
    assert not re.findall(r"slurm|gres\b|partition|kubernetes", path.read_text().lower())
