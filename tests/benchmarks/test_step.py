"""The benchmark of a step's parts."""

import json
import sys

import pytest
from micro_world import MICRO, ROOT

sys.path.insert(0, str(ROOT))

from benchmarks import step


def test_shares_of_a_step_sum_to_one(tmp_path, capsys):
    out = tmp_path / "step.json"
    assert step.main(["--scale", str(MICRO), "--repeats", "1", "--out", str(out)]) == 0
    timings = json.loads(out.read_text())
    assert sum(timings["share"].values()) == pytest.approx(1, abs=0.01)
    assert "mask and merge" in capsys.readouterr().out
    assert step.main(["--scale", str(MICRO), "--backbone", "r2plus1", "--repeats", "1"]) == 1
    assert "did you mean 'r2plus1d'" in capsys.readouterr().err
