"""Tables and cells: which runs they need, which results, and what cannot be measured."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from changed_scale import scale_with, with_all_rows
from method_runs import COMPARED
from own_videos import OWN

from fame.config.reading import load_scale
from fame.config.tables import Column, Recipe, Row
from fame.core.errors import FameError
from fame.pipeline.experiments import Experiments, measurable, result_file
from fame.pipeline.runs import resolve

FAME = Recipe(method="moco", backbone="r2plus1d", pretrain="kinetics400", merge={"mask": "fame"})
RANDOM = Recipe(method="random", backbone="r2plus1d")


@pytest.fixture(scope="module")
def mini(request) -> Experiments:
    return Experiments("mini", request.config.rootpath / "config" / "tables")


def own_tables(folder: Path, recipes: dict[str, dict[str, Any]]) -> Path:
    """A folder with a table for each recipe, and figures whose only arm is the last one."""
    columns = {"u": {"title": "U", "dataset": "ucf101", "metric": "top1"}}
    for name, recipe in recipes.items():
        rows = [{"show": {}, "task": "linear", "recipe": recipe}]
        table = {"name": name, "title": "", "source": "", "show": {}, "columns": columns}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(table | {"rows": rows}))
    figures: dict[str, Any] = {"arms": {"one": {"title": "One", "recipes": [recipe]}}}
    figures["bias"] = {"arms": ["one"], "datasets": ["ucf101"]}
    figures |= {"figure1": {"arms": ["one"]}, "figure3": {"arms": ["one"]}}
    (folder / "figures.yaml").write_text(yaml.safe_dump(figures))
    return folder


def test_the_cells_of_table5_at_the_mini_scale(mini):
    cells = list(mini.cells(["table5"]))
    assert {(cell.task, cell.dataset) for cell in cells} == {
        (task, dataset) for task in ("linear", "finetune") for dataset in ("ucf101", "hmdb51")
    }
    # FAME, MoCo and random, each frozen and finetuned; FAME and BE as I3D, finetuned
    assert len(cells) == 3 * 2 * 2 + 2 * 2
    assert all(cell.metric == "top1" for cell in cells)
    assert all([run.seed for run in cell.runs] == [0, 1, 2] for cell in cells)
    assert len({run.id for cell in cells for run in cell.runs}) == (3 + 2) * 3


def test_tables_share_their_runs_and_results_are_named_once(mini):
    runs = [run for cell in mini.cells(["table5"]) for run in cell.runs]
    shared = {run.id for run in runs if run.backbone == "r2plus1d"}
    assert shared == {run.id for cell in mini.cells(["table6"]) for run in cell.runs}
    assert shared <= set(mini.runs)
    results = mini.results(["table6"])  # five columns read one file
    assert len(results) == len(set(results)) == 3 * 3
    run = next(iter(mini.runs.values()))
    name = result_file(mini.scale, run, "ucf101", "retrieval")
    assert name == f"{run.id}/ucf101-w{run.seed}/retrieval.json"


def test_a_row_is_looked_up_once(mini):
    first, again = (list(mini.cells(["table5", "table6"])) for _ in range(2))
    assert first and all(one is other for one, other in zip(first, again, strict=True))


def test_the_paper_scale_measures_i3d_too(request):
    paper = Experiments("paper", request.config.rootpath / "config" / "tables")
    assert {run.backbone for run in paper.runs.values()} >= {"r2plus1d", "i3d"}
    assert all(run.seed == 42 for run in paper.runs.values())


def test_why_a_cell_is_not_measured(root):
    scale = load_scale(str(root / "tests" / "workflow" / "micro.yaml"))
    ucf = Column(title="UCF101", dataset="ucf101", metric="top1")
    diving = Column(title="Diving48", dataset="diving48", metric="top1")
    fame = Row(show={}, task="linear", recipe=FAME)
    i3d = Row(show={}, task="linear", recipe=FAME.model_copy(update={"backbone": "i3d"}))
    assert measurable(scale, Row(show={}), ucf) == "quoted only"
    assert measurable(scale, fame, ucf) is None
    assert measurable(scale, i3d, ucf) == "backbone i3d is not part of scale micro"
    assert measurable(scale, fame, diving) == "dataset diving48 is not part of scale micro"


def test_the_quick_tables_train_the_core_only_and_the_comparison_shares_its_runs(mini):
    quick = {run.method for run in mini.runs.values()}
    assert quick == {"random", "moco", "be", "supervised"}
    core = {run.id for cell in mini.cells(["table5", "table6"]) for run in cell.runs}
    assert core < set(mini.comparison_runs)
    added = [mini.comparison_runs[name] for name in mini.comparison_runs.keys() - core]
    assert {run.method for run in added} == {*COMPARED, "supervised"}
    assert all(mini.run(run.id) == run for run in added)
    # RSPNet and TempTrans on two backbones each, and the upper line
    assert len(added) == (len(COMPARED) + 2 + 1) * 3


def test_rows_of_the_comparison_say_why_they_are_not_in_the_quick_table(mini):
    table = mini.table("table5")
    column = table.columns["ucf101"]
    left_out = [row for row in table.rows if row.set == "comparison"]
    for row in left_out:
        said = measurable(mini.scale, row, column)
        assert said == "left out of the quick table: make comparison"
    # GDT is in Table 6 only.
    methods = {row.recipe.method for row in left_out if row.recipe}
    assert methods == {*COMPARED, "supervised"} - {"gdt"}
    whole = mini.table("table5_all")
    assert [row.recipe for row in whole.rows] == [row.recipe for row in table.rows]
    assert {measurable(mini.scale, row, column) for row in whole.rows} == {None}


def test_no_row_of_any_table_is_quoted_only(mini):
    rows = [row for table in mini.every_table.values() for row in table.rows]
    assert len(rows) > 100 and all(row.recipe for row in rows)


def test_a_scale_with_all_rows_measures_them_in_its_tables(mini, tmp_path):
    tables = mini.folder
    everything = Experiments(str(with_all_rows(tmp_path)), tables)
    assert everything.runs == mini.every_run
    assert everything.comparison_runs == mini.comparison_runs


def test_tables_without_such_rows_have_no_comparison(root):
    own = Experiments("mini", root / "config" / "examples" / "own_tables")
    assert own.comparison == {} and own.comparison_runs == {}


@pytest.mark.parametrize(("scale", "protocol"), [("mini", "fame"), ("paper", "own")])
def test_the_compared_methods_are_trained_in_the_scales_protocol(root, scale, protocol):
    given = Experiments(scale, root / "config" / "tables")
    runs = [run for run in given.comparison_runs.values() if run.method in COMPARED]
    assert {run.recipe["pretrain"]["options"]["protocol"] for run in runs} == {protocol}
    backbones = {(run.method, run.backbone, run.pretrain) for run in runs}
    assert ("rotnet3d", "r3d_18_hara_a", "kinetics400") in backbones
    assert ("vcp", "r2plus1d_10", "ucf101") in backbones
    (speednet,) = {run.backbone for run in runs if run.method == "speednet"}
    frames = {"mini": 8, "paper": 64}
    assert given.scale.backbones[speednet].frames == frames[scale]


def test_unknown_tables_runs_and_empty_folders_are_refused(mini, tmp_path):
    with pytest.raises(FameError, match="no table 'table55'"):
        mini.table("table55")
    with pytest.raises(FameError, match="no table or figure asks for the run 'moco-x'"):
        mini.run("moco-x")
    with pytest.raises(FameError, match=r"no table files .*; name their folder by --tables"):
        Experiments("mini", tmp_path)


def test_a_table_of_ones_own_needs_no_code(tmp_path: Path):
    row = {"show": {}, "task": "linear", "recipe": FAME.model_dump()}
    columns = {"u": {"title": "U", "dataset": "ucf101", "metric": "top1"}}
    table = {"name": "own", "title": "", "source": "", "show": {}, "columns": columns}
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump(table | {"rows": [row]}), encoding="utf-8")
    own = Experiments("mini", tmp_path)
    assert list(own.runs) == [resolve(own.scale, FAME, {}, seed).id for seed in own.scale.seeds]


@pytest.mark.parametrize("path", ["gone.pth", "$FAME_NO_SUCH_VARIABLE/gone.pth"])
def test_absent_weights_matter_only_to_who_asks_for_them(tmp_path, path):
    recipes: dict[str, dict[str, Any]] = {
        "table1": {"method": "random", "backbone": "r2plus1d"},
        "table2": {"encoder": str(tmp_path / path) if path[0] == "g" else path},
    }
    recipes["table2"]["backbone"] = "r2plus1d"
    own = Experiments("mini", own_tables(tmp_path, recipes))
    ids = [resolve(own.scale, RANDOM, {}, seed).id for seed in own.scale.seeds]
    assert own.run(ids[0]).id == ids[0]
    assert list(own.runs) == ids
    assert len(own.results(["table1"])) == len(ids)
    row, arm = own.absent
    assert row.startswith("table2, row 1: ") and path.split("/")[0].strip("$") in row
    assert arm.startswith("figures.yaml, arm one: ")
    for asks in (lambda: own.results(["table2"]), lambda: own.arms("figure1")):
        with pytest.raises(FameError, match=r"(row 1|arm one): .*(no such encoder|not set)"):
            asks()
    with pytest.raises(FameError, match=r"no table .*'encoder-gone'.*; table2, row 1: "):
        own.run("encoder-gone")


def test_unlabelled_videos_are_pretrained_on_and_not_evaluated_on():
    scale = scale_with(
        {"datasets.own": OWN, "pretrain.methods.moco.queue.own": 0, "pretrain.epochs.own": 1}
    )
    own = FAME.model_copy(update={"pretrain": "own"})
    assert resolve(scale, own, {}, 0).data_id(scale) == "own"
    column = Column(title="Own", dataset="own", metric="top1")
    row = Row(show={}, task="linear", recipe=own)
    said = "dataset own has no labels, so it can only be pretrained on"
    assert measurable(scale, row, column) == said
    labelled = scale_with({"datasets.own": OWN | {"labels": "folders"}})
    assert measurable(labelled, row.model_copy(update={"recipe": FAME}), column) is None


@pytest.mark.parametrize(
    ("task", "metric", "choices"),
    [("retrieval", "r7", "r1, r5, r10, r20, r50, or add"), ("linear", "r1", "top1, top5")],
)
def test_a_metric_that_the_task_does_not_give_is_refused_with_the_table(
    tmp_path, task, metric, choices
):
    file = own_tables(tmp_path, {"table1": RANDOM.model_dump(exclude_none=True)}) / "table1.yaml"
    table = yaml.safe_load(file.read_text())
    table["columns"]["u"]["metric"], table["rows"][0]["task"] = metric, task
    file.write_text(yaml.safe_dump(table))
    own = Experiments("mini", tmp_path)
    for asks in (lambda: own.runs, lambda: own.results(["table1"])):
        with pytest.raises(FameError, match=f"table1, column u: {task} .* one of {choices}"):
            asks()


def test_training_takes_all_machines_and_an_untrained_encoder_one(root):
    given = Experiments("paper", root / "config" / "tables")
    given.scale = given.scale.model_copy(
        update={"resources": given.scale.resources.model_copy(update={"nodes": 2, "gpus": 4})}
    )
    trained = next(run.id for run in given.runs.values() if run.pretrain)
    untrained = next(run.id for run in given.runs.values() if not run.pretrain)
    assert (given.nodes_of(trained), given.gpus_of(trained)) == (2, 8)
    assert (given.nodes_of(untrained), given.gpus_of(untrained)) == (1, 1)
    given.scale = given.scale.model_copy(
        update={"resources": given.scale.resources.model_copy(update={"nodes": 1, "gpus": 0})}
    )
    assert given.gpus_of(trained) == given.gpus_of(untrained) == 0


def test_classifiers_that_are_trained_have_a_confusion_matrix(root):
    given = Experiments("mini", root / "config" / "tables")
    results = given.results(given.tables)
    matrices = given.confusions()
    assert {f"{name.removesuffix('.confusion.csv')}.json" for name in matrices} == {
        name for name in results if name.endswith(("/linear.json", "/finetune.json"))
    }
    assert any(name.endswith("/retrieval.json") for name in results)


def test_a_scale_without_bias_probes_does_not_measure_their_column():
    column = Column(title="B", dataset="ucf101", metric="background_reliance", task="bias")
    row = Row(show={}, recipe=RANDOM)
    assert measurable(load_scale("mini"), row, column) is None
    without = scale_with({"evaluate.bias": None})
    assert measurable(without, row, column) == "scale mini has no bias probes (evaluate.bias)"
