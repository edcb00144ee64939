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
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run"]
    command += ["--snakefile", ROOT / "Snakefile", "--directory", place]
    command += ["results/table5.csv", "results/table6.csv", "--config", "scale=scale.yaml"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text = done.stdout + done.stderr
    inputs = re.findall(r"rule (features|linear|retrieval):\n +input: (.*)\n +output: (.*)", text)
    found = {"features": set(), "linear": set(), "retrieval": set()}
    for rule, read, made in inputs:
        files = made if rule == "features" else read
        found[rule].add(frozenset(re.findall(r"features-(\w+)\.npz", files)))
    return found


@pytest.mark.parametrize(
    ("retrieval", "probe"), [("pretraining", "normalised"), ("imagenet", "raw")]
)
def test_features_follow_the_scale(tmp_path, retrieval, probe):
    """One job for all that a run and a dataset need: a video is decoded once."""
    found = planned(tmp_path, retrieval, probe)
    raw = probe == "raw"
    wanted = {"pretraining", retrieval} | ({"raw"} if raw else set())
    assert found["features"] == {frozenset(wanted)}
    assert found["retrieval"] == {frozenset({retrieval})}
    assert found["linear"] == {frozenset({"pretraining"} | ({"raw"} if raw else set()))}
