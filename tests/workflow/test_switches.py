"""Rules take the features that the scale's switches ask for, and extract no others."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def planned(place, retrieval, probe):
    """Features that a dry run of a run's probe and retrieval would extract, and its inputs."""
    scale = yaml.safe_load((HERE / "micro.yaml").read_text())
    scale["evaluate"]["retrieval"]["normalisation"] = retrieval
    scale["evaluate"]["linear"]["train_normalisation"] = probe
    (place / "scale.yaml").write_text(yaml.safe_dump(scale))
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run", "--printshellcmds"]
    command += ["--snakefile", ROOT / "Snakefile", "--directory", place]
    command += ["results/table5.csv", "results/table6.csv", "--config", "scale=scale.yaml"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text = done.stdout + done.stderr
    calls = re.findall(r"-m fame (linear|retrieval) (.*)", text)
    jobs = {
        task: {
            frozenset(re.findall(r"(--(?:raw-)?features) \S*features-(\w+)", options))
            for name, options in calls
            if name == task
        }
        for task in ("linear", "retrieval")
    }
    outputs = re.findall(r"rule features:.*?\n +output: ([^\n]*)", text, re.DOTALL)
    jobs["features"] = {frozenset(re.findall(r"features-(\w+)\.npz", line)) for line in outputs}
    return jobs


@pytest.mark.parametrize(
    ("retrieval", "probe"), [("pretraining", "normalised"), ("imagenet", "raw")]
)
def test_features_follow_the_scale(tmp_path, retrieval, probe):
    """One job for all that a run and a dataset need: a video is decoded once."""
    jobs = planned(tmp_path, retrieval, probe)
    raw = probe == "raw"
    wanted = {"bias", "pretraining", retrieval} | ({"raw"} if raw else set())
    assert jobs["features"] == {frozenset(wanted)}
    assert jobs["retrieval"] == {frozenset({("--features", retrieval)})}
    more = {("--raw-features", "raw")} if raw else set()
    assert jobs["linear"] == {frozenset({("--features", "pretraining")} | more)}
