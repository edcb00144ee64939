"""The workflow knows what the mini study asks of it."""

import subprocess

import pandas as pd

from benchmarks import mini_study
from benchmarks.study import choice, plan, values


def test_the_workflow_takes_a_stage(tmp_path):
    study = plan.load()
    batch = choice.batches(study, "world", pd.DataFrame(columns=values.COLUMNS))[0]
    scale, tables = plan.prepare(study, "world", batch, tmp_path)
    wanted = [f"results/{plan.named(task)}.csv" for task in study.stages["world"].tasks]
    command = mini_study.command([*wanted, "results/bias.csv", "-n"], scale, tables, tmp_path)
    done = subprocess.run(command, cwd=mini_study.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "bias_summary" in done.stdout + done.stderr
