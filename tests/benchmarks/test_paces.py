"""Paces from finished jobs: those of the scale's own runs and data, each under one rule."""

import json
import sys

from micro_world import MICRO, ROOT, TABLES

sys.path.insert(0, str(ROOT))

from benchmarks.paces import finished, measured
from fame.operate.plan.paces import shipped, written
from fame.pipeline.experiments import Experiments

HEAD = "s\th:m:s\tmax_rss\n"


def test_finished_jobs_are_found_by_their_benchmark_files(tmp_path):
    given = Experiments(str(MICRO), TABLES)
    run = next(name for name, run in given.runs.items() if not run.pretrain)
    root = tmp_path / "results" / "micro"
    jobs = {
        "data/ucf101-w0/world": 2.0,
        "data/ucf101-w0/index": 3.0,
        "data/elsewhere-w0/index": 9.0,
        f"pretrain/{run}/pretrain": 4.0,
        f"evaluate/{run}/ucf101-w0/features": 5.0,
        "evaluate/of-old/ucf101-w0/features": 9.0,
    }
    for name, seconds in jobs.items():
        file = root / f"{name}.benchmark.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{HEAD}{seconds}\t0\t100\n")
    (root / "pretrain" / run / "card.json").write_text(json.dumps({"seconds": 1}))
    rules = [task.job.rule for task in finished(given, root)]
    assert sorted(rules) == ["features", "index", "pretrain", "world"]
    found = measured(given, root, "this machine")
    assert sorted(one.seconds for one in found.measured.values()) == [2, 3, 4, 5]
    file = tmp_path / "paces.json"
    file.write_text(written(found))
    assert shipped(file) == found
