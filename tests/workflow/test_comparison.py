"""A micro row of each compared method, from training to the comparison's table and figure.

In one process, by the functions that the workflow's jobs call: a job of its own for each step
would spend more time on starting than on working.
"""

import pandas as pd
import pytest
import yaml
from method_runs import COMPARED, WORLD
from micro_world import MICRO, ROOT, TABLES

from fame.core.distributed import one_thread
from fame.evaluate.bias import encode
from fame.evaluate.features import extract
from fame.evaluate.tasks import bias, retrieval
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import sources
from fame.pipeline.runs import data_id
from fame.report.figures import reliance
from fame.report.tables.build import build, write
from fame.train.pretrain import pretrain

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

COLUMNS = {
    "r1": {"title": "R@1", "dataset": "ucf101", "task": "retrieval", "metric": "r1"},
    "reliance": {
        "title": "Reliance",
        "dataset": "ucf101",
        "task": "bias",
        "metric": "background_reliance",
        "lower_is_better": True,
    },
}


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """The comparison's rows of Table 5, and GDT's of Table 6, by retrieval and bias probes."""
    place = tmp_path_factory.mktemp("comparison")
    scale = yaml.safe_load(MICRO.read_text())
    mini = yaml.safe_load((ROOT / "config" / "scales" / "mini.yaml").read_text())
    (place / "scale.yaml").write_text(yaml.safe_dump(scale | {"backbones": mini["backbones"]}))
    table = yaml.safe_load((TABLES / "table5.yaml").read_text())
    other = yaml.safe_load((TABLES / "table6.yaml").read_text())
    found = table["rows"] + [row for row in other["rows"] if row["show"]["method"] == "GDT"]
    rows = [row | {"published": {}} for row in found if row.get("set") == "comparison"]
    for row in rows:
        del row["task"]
    own = table | {"name": "methods", "columns": COLUMNS, "blocks": [], "rows": rows}
    (place / "methods.yaml").write_text(yaml.safe_dump(own))
    (place / "figures.yaml").write_text((TABLES / "figures.yaml").read_text())
    (place / "tables").mkdir()
    for name in ("methods", "figures"):
        (place / f"{name}.yaml").rename(place / "tables" / f"{name}.yaml")
    return Experiments(str(place / "scale.yaml"), place / "tables")


@pytest.fixture(scope="module")
def results(given, micro, tmp_path_factory):
    """`results/<scale>`, with the retrieval and the bias probes of each run on UCF101."""
    one_thread()
    root = tmp_path_factory.mktemp("results")
    manifest, world = micro.manifest("ucf101"), micro.manifest("ucf101").parent
    for run in given.comparison_runs.values():
        trained = root / "pretrain" / run.id
        pretrain(given.scale, run, micro.videos(run.pretrain), trained, WORLD, None)
        out = root / "evaluate" / run.id / data_id(given.scale, "ucf101", run.seed)
        encoder = trained / "encoder.safetensors"
        extract.run(given.scale, run, encoder, manifest, out, WORLD)
        encode.run(given.scale, run, encoder, manifest, out, world, WORLD)
        for task in (retrieval, bias):
            task.run(given.scale, out, out / f"{task.__name__.rsplit('.', 1)[-1]}.json")
    return root


def test_each_method_is_a_measured_row(given, results, tmp_path):
    assert {run.method for run in given.comparison_runs.values()} == {*COMPARED, "supervised"}
    frame = build(given, "methods_all", results / "evaluate")
    write(frame, given, "methods_all", tmp_path / "methods_all.csv")
    read = pd.read_csv(tmp_path / "methods_all.csv")
    # RSPNet on two backbones, MLRep in two rows, and two of the upper line
    assert len(read) == len(COMPARED) + 2 + 2
    rebuilt = read["measured_on"].str.contains("a reconstruction of the method")
    assert set(read["method"][rebuilt]) == {"ASCNet", "CBT", "CCL"}
    assert read["r1_measured"].between(0, 100).all()
    compared = read["method"] != "Supervised (labels)"
    assert read["measured_on"][compared].str.endswith("protocol fame").all()
    quick = build(given, "methods", results / "evaluate")
    assert quick["r1_measured"].isna().all()
    assert set(quick["not_measured_because"]) == {"left out of the quick table: make comparison"}


def test_each_method_is_in_the_figure(given, results, tmp_path):
    found = sources(given, "reliance")
    ucf = {
        title: [results / path for path in paths if "ucf101" in path.parts[-2]]
        for title, paths in found.items()
    }
    reliance.make(given, ucf, tmp_path / "reliance.png")
    assert len(pd.read_csv(tmp_path / "reliance.csv")) == len(COMPARED) + 1 + 1
