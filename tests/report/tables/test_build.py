"""Tables of results: what is measured, what is quoted, and that mini numbers say so."""

import csv
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from changed_scale import scale_with
from made_results import experiments, write_results

from fame.core.errors import FameError
from fame.evaluate.results import write_result
from fame.pipeline.experiments import Cell, Experiments, result_file
from fame.report.tables.build import _measured_on, build, measure, write
from fame.report.tables.latex import latex
from fame.report.tables.markdown import best, display, markdown


@pytest.fixture(scope="module")
def mini(request, tmp_path_factory) -> tuple[Experiments, Path]:
    given = experiments("mini", request.config.rootpath)
    results = tmp_path_factory.mktemp("results") / "mini" / "evaluate"
    write_results(given, results)
    return given, results


@pytest.fixture(scope="module")
def paper(request, tmp_path_factory) -> tuple[Experiments, Path]:
    given = experiments("paper", request.config.rootpath)
    results = tmp_path_factory.mktemp("results") / "paper" / "evaluate"
    write_results(given, results)
    return given, results


@pytest.fixture(scope="module")
def table5(mini) -> pd.DataFrame:
    return build(mini[0], "table5", mini[1])


def first_cell(given: Experiments) -> Cell:
    return next(given.cells(["table5"]))


def written(frame: pd.DataFrame, given: Experiments, name: str, folder: Path) -> tuple[Path, ...]:
    write(frame, given, name, folder / f"{name}.csv")
    return tuple(folder / f"{name}.{end}" for end in ("csv", "md", "tex"))


def test_mean_and_sample_deviation_over_the_seeds(mini):
    found = measure(first_cell(mini[0]), mini[1], mini[0].scale)  # FAME: 50, 52, 54
    assert found.values == (50.0, 52.0, 54.0)
    assert found.mean == 52.0
    assert found.std == pytest.approx(2.0)  # sqrt((4 + 0 + 4) / 2)
    assert found.n == 3
    assert found.runs == tuple(run.id for run in first_cell(mini[0]).runs)


def test_a_single_run_has_no_deviation(paper):
    found = measure(first_cell(paper[0]), paper[1], paper[0].scale)
    assert (found.mean, found.std, found.n) == (50.0, None, 1)


def test_a_missing_result_names_the_file_and_the_command(mini, tmp_path):
    cell = first_cell(mini[0])
    name = result_file(mini[0].scale, cell.runs[0], cell.dataset, cell.task)
    with pytest.raises(FameError) as caught:
        build(mini[0], "table5", tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / name}: no such result")
    assert f"`snakemake --cores all {tmp_path / name} --config scale=mini`" in message


def test_the_command_for_a_missing_result_works_from_another_folder(mini, tmp_path, monkeypatch):
    results = tmp_path / "results" / "mini" / "evaluate"
    command = r"`snakemake --cores all results/mini/evaluate/\S+\.json --config scale=mini"
    with pytest.raises(FameError, match=f"{command} --directory {tmp_path}`"):
        build(mini[0], "table5", results)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FameError, match=f"{command}`"):
        build(mini[0], "table5", results.relative_to(tmp_path))


def test_the_command_of_a_scale_outside_the_house_asks_for_its_path(mini, tmp_path):
    mine = mini[0].scale.model_copy(update={"name": "mine"})
    with pytest.raises(FameError, match="--config scale=<path of mine>"):
        measure(first_cell(mini[0]), tmp_path, mine)


def test_a_result_of_another_run_or_without_the_metric_is_refused(mini, tmp_path):
    given, cell = mini[0], first_cell(mini[0])
    path = tmp_path / result_file(given.scale, cell.runs[0], cell.dataset, cell.task)
    facts = {"task": cell.task, "data": "ucf101-w0", "dataset": "ucf101", "seed": 0, "details": {}}
    write_result(path, run="moco-other", metrics={"top1": 1.0}, **facts)
    with pytest.raises(FameError, match="holds a result of the run 'moco-other'"):
        measure(cell, tmp_path, given.scale)
    write_result(path, run=cell.runs[0].id, metrics={"top5": 1.0}, **facts)
    with pytest.raises(
        FameError, match=r"lacks the metric 'top1' \(has: top5\); correct the table"
    ):
        measure(cell, tmp_path, given.scale)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(FameError, match=r"linear\.json: not"):
        measure(cell, tmp_path, given.scale)


def test_one_row_for_each_row_of_the_file_in_its_order(mini, table5):
    rows = mini[0].table("table5").rows
    assert list(table5["method"]) == [row.show["method"] for row in rows]
    assert table5["ucf101_published"].notna().sum() == 22
    assert table5["ucf101_measured"].notna().sum() == 8


def test_a_row_that_is_left_out_says_so_and_holds_no_measured_number(table5):
    cbt, rspnet = (table5[table5["method"] == name].iloc[0] for name in ("CBT", "RSPNet"))
    assert (cbt["ucf101_published"], cbt["hmdb51_published"]) == (54.0, 29.5)
    assert (cbt["freeze"], cbt["res"], cbt["scale"]) == ("yes", "112", "mini")
    assert (rspnet["ucf101_published"], rspnet["task"]) == (61.8, "linear")
    for row in (cbt, rspnet):
        assert all(pd.isna(row[f"ucf101_{kind}"]) for kind in ("measured", "std", "n"))
        assert row["not_measured_because"] == "left out of the quick table: make comparison"
        assert row["comparable"] == row["measured_on"] == row["runs"] == row["negatives"] == ""


def test_a_row_whose_method_has_protocols_says_which(table5):
    row = table5[table5["method"] == "BE"].iloc[0]
    assert row["measured_on"].endswith("8 frames of 32 px, protocol fame")


def test_a_measured_row_says_on_what(mini, table5):
    row = table5[(table5["method"] == "FAME") & (table5["task"] == "linear")].iloc[0]
    assert (row["ucf101_published"], row["ucf101_measured"], row["ucf101_n"]) == (72.2, 52.0, 3)
    assert row["comparable"].startswith("no: mini-scale")
    assert row["measured_on"].endswith("pretrained on mini Kinetics (generated), 8 frames of 32 px")
    assert row["negatives"] == "in-batch"
    assert row["runs"].split() == [run.id for run in first_cell(mini[0]).runs]
    assert row["not_measured_because"] == ""


def test_a_row_of_a_method_with_its_own_rate_says_it(mini):
    own = scale_with({"pretrain.rates": {"moco": 0.15}})
    (run, *_) = first_cell(mini[0]).runs
    assert _measured_on(own, run).endswith("8 frames of 32 px, learning rate 0.15")


def test_reference_rows_are_measured_but_not_published(table5):
    for method, pretrained in (("MoCo (no FAME)", True), ("Random initialisation", False)):
        rows = table5[table5["method"] == method]
        assert list(rows["task"]) == ["linear", "finetune"]
        assert rows["ucf101_published"].isna().all()
        assert (rows["ucf101_measured"] == 42.0).all()
        assert ("untrained" in rows.iloc[0]["measured_on"]) != pretrained
        assert rows.iloc[0]["negatives"] == ("in-batch" if pretrained else "")


def test_bes_negatives_are_named(mini):
    frame = build(mini[0], "table2", mini[1]).set_index(["method", "pretrain"])
    assert frame.loc[("BE", "UCF101"), "negatives"] == "in-batch"
    own = frame.loc[("BE (its own contrast)", "Kinetics-400"), "negatives"]
    assert own == "in-batch and another time of the video"


def test_what_a_scale_leaves_out_is_not_measured_and_says_why(request, tmp_path):
    root = request.config.rootpath
    micro = experiments(str(root / "tests" / "workflow" / "micro.yaml"), root)
    write_results(micro, tmp_path)
    table5 = build(micro, "table5", tmp_path)
    row = table5[(table5["method"] == "FAME") & (table5["backbone"] == "I3D")].iloc[0]
    assert row["not_measured_because"] == "backbone i3d is not part of scale micro"
    assert math.isnan(row["ucf101_measured"])


def test_the_paper_scale_is_comparable_and_names_its_queue(paper):
    frame = build(paper[0], "table5", paper[1])
    row = frame[(frame["method"] == "FAME") & (frame["backbone"] == "I3D")].iloc[0]
    assert row["comparable"] == "yes"
    assert row["negatives"] == "queue of 65536"
    assert row["measured_on"] == "I3D, pretrained on Kinetics-400, 16 frames of 224 px"
    text = markdown(frame, paper[0].table("table5"), paper[0].scale)
    assert "88.6 / paper: 50.0 (n=1)" in text
    assert "are comparable with" in text and "not comparable" not in text


def test_classes_that_no_encoder_could_learn_are_in_the_small_print(mini, tmp_path):
    given, results = mini
    shutil.copytree(results, tmp_path / "evaluate")
    cell = first_cell(given)
    run = cell.runs[1]
    file = tmp_path / "evaluate" / result_file(given.scale, run, cell.dataset, cell.task)
    result = json.loads(file.read_text())
    file.write_text(json.dumps(result | {"details": {"untrained": ["walk", "jump"]}}))
    frame = build(given, "table5", tmp_path / "evaluate")
    said = "all test videos of walk, jump count as wrong, since"
    where = frame["measured_on"].str.contains(said)
    assert where[cell.row] and where.sum() < len(frame)
    title = given.scale.datasets[cell.dataset].title
    assert frame["measured_on"][cell.row].endswith(f"{title} has no training video of them")
    assert said in markdown(frame, given.table("table5"), given.scale)


def test_numbers_selected_on_the_test_videos_say_so(request, mini, table5, tmp_path):
    table, scale = mini[0].table("table5"), mini[0].scale
    assert set(table5.loc[table5["runs"] != "", "epoch"]) == {"last"}
    assert "best on the test videos" not in markdown(table5, table, scale)
    given = experiments("official", request.config.rootpath)
    write_results(given, tmp_path)
    frame = build(given, "table5", tmp_path)
    assert set(frame.loc[frame["runs"] != "", "epoch"]) == {"best on the test videos"}
    assert set(frame.loc[frame["runs"] == "", "epoch"]) == {""}
    for text in (markdown(frame, table, given.scale), latex(frame, table, given.scale)):
        assert "best on the test videos themselves" in text
        assert "too high" in text
    retrieval = build(given, "table6", tmp_path)
    assert set(retrieval["epoch"]) == {""}
    text = markdown(retrieval, given.table("table6"), given.scale)
    assert "best on the test videos" not in text


def test_cells_show_published_and_measured_side_by_side(mini, table5):
    shown = display(table5, mini[0].table("table5"))
    assert list(shown)[:2] == ["Method", "Backbone"] and list(shown)[-2:] == ["UCF101", "HMDB51"]
    assert shown.loc[0, "UCF101"] == "54.0 / –"
    assert shown.loc[5, "UCF101"] == "72.2 / mini: 52.0 ± 2.0 (n=3)"
    assert shown.loc[6, "UCF101"] == "– / mini: 42.0 ± 2.0 (n=3)"


@pytest.mark.parametrize("name", ["table5", "table6"])
def test_mini_tables_say_on_their_face_that_they_are_not_comparable(mini, name, tmp_path):
    given, results = mini
    frame = build(given, name, results)
    csv_file, md, tex = written(frame, given, name, tmp_path)
    for path in (md, tex):
        text = path.read_text(encoding="utf-8")
        assert "mini numbers are not comparable with the published ones" in text
        assert given.scale.note in text
    measured = frame[frame["runs"] != ""]
    assert measured["comparable"].str.startswith("no: ").all()
    with csv_file.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(given.table(name).rows)
    assert {row["scale"] for row in rows} == {"mini"}


def test_a_csv_reads_back_with_four_decimals(mini, table5, tmp_path):
    frame = table5.assign(ucf101_measured=table5["ucf101_measured"] / 3)
    csv_file, *_ = written(frame, mini[0], "table5", tmp_path)
    back = pd.read_csv(csv_file)
    assert list(back) == list(frame)
    assert back.loc[5, "ucf101_measured"] == 17.3333
    assert back.loc[5, "ucf101_published"] == 72.2
    with csv_file.open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    assert first["ucf101_measured"] == first["ucf101_n"] == ""
    assert first["frames"] == "16"


def test_markdown_tables_are_rectangular(mini, table5):
    text = markdown(table5, mini[0].table("table5"), mini[0].scale)
    assert text.startswith("# Table 5")
    assert "Source: " in text and "poster" in text
    blocks = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    assert [len(block) for block in blocks] == [2 + 29, 2 + 29]
    for block in blocks:
        assert len({line.count("|") for line in block}) == 1


def test_markdown_escapes_the_column_mark(mini, table5):
    text = markdown(table5.replace("CBT", "C|BT"), mini[0].table("table5"), mini[0].scale)
    assert r"| C\|BT |" in text


def test_reporting_does_not_import_torch():
    code = (
        "import sys, fame.report.tables.build, fame.evaluate.results;"
        " sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_a_row_may_be_measured_by_the_tasks_of_its_columns(mini):
    given, results = mini
    frame = build(given, "probes", results)
    assert set(frame["task"]) == {"linear, knn, retrieval, finetune, bias"}
    assert (frame["linear_diving48_measured"] == [42, 42, 42, 52, 52]).all()
    tasks = {cell.column: cell.task for cell in given.cells(["probes"])}
    assert tasks["r1_ucf101"] == "retrieval" and tasks["reliance_ucf101"] == "bias"


def test_an_undefined_value_is_left_out_and_said(mini, tmp_path):
    given, results = mini[0], shutil.copytree(mini[1], tmp_path / "evaluate")
    cells = {cell.row: cell for cell in given.cells(["probes"]) if cell.task == "bias"}
    for row, count in ((0, 3), (4, 1)):
        for run in cells[row].runs[:count]:
            path = results / result_file(given.scale, run, "ucf101", "bias")
            content = json.loads(path.read_text())
            del content["metrics"]["background_reliance"]
            path.write_text(json.dumps(content))
    frame = build(given, "probes", results)
    last = frame.iloc[4]
    assert (last["reliance_ucf101_measured"], last["reliance_ucf101_n"]) == (53, 2)
    sentence = "Background reliance, UCF101: undefined in {} of 3 runs"
    assert last["not_measured_because"] == sentence.format(1)
    assert frame.loc[0, "not_measured_because"] == sentence.format(3)
    assert pd.isna(frame.loc[0, "reliance_ucf101_measured"])
    assert pd.isna(frame.loc[0, "reliance_ucf101_n"])
    shown = display(frame, given.table("probes"))
    assert shown["Background reliance, UCF101"].iloc[0] == "– / –"


def test_where_lower_is_better_the_lowest_is_the_best():
    values, blocks = pd.Series([3.0, 1.0, 2.0, 5.0]), [0, 0, 0, 1]
    assert best(values, blocks).tolist() == [True, False, False, False]
    assert best(values, blocks, lowest=True).tolist() == [False, True, False, False]
