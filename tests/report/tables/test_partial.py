"""Partial tables: what is there is measured, what is missing says why, nothing is silent."""

import csv
import shutil
import statistics

import pandas as pd
import pytest
from made_results import experiments, write_results
from micro_world import ROOT
from typer.testing import CliRunner

from fame.cli import app
from fame.core.errors import FameError
from fame.pipeline.experiments import result_file
from fame.report.publish import publish
from fame.report.tables.build import SUFFIXES, build, write
from fame.report.tables.markdown import markdown
from fame.report.tables.partial import lacking, leave, write_partial

NAME = "table5"


@pytest.fixture(scope="module")
def given():
    return experiments("mini", ROOT)


@pytest.fixture(scope="module")
def whole(given, tmp_path_factory):
    results = tmp_path_factory.mktemp("whole") / "mini" / "evaluate"
    write_results(given, results)
    return results


@pytest.fixture
def results(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "mini" / "evaluate")


def cells(given, task="linear", column="ucf101"):
    found = given.cells([NAME])
    return [cell for cell in found if (cell.task, cell.column) == (task, column)]


def fail(file, text):
    """A result is gone, though its features are there, and its log says why."""
    file.unlink()
    file.with_suffix(".log").write_text(text)
    for name in ("pretraining", "bias"):
        file.with_name(f"features-{name}.npz").write_text("")


def file_of(given, results, cell, seed):
    return results / result_file(given.scale, cell.runs[seed], cell.dataset, cell.task)


def partial(given, results, **options):
    return build(given, NAME, results, partial=True, **options)


def test_a_whole_table_lacks_nothing_and_is_the_same(given, whole):
    frame = partial(given, whole)
    assert lacking(frame, given.table(NAME)) == (0, len(list(given.cells([NAME]))))
    assert (frame["ucf101_missing"] == "").all()
    complete = frame.drop(columns=["ucf101_missing", "hmdb51_missing"])
    pd.testing.assert_frame_equal(complete, build(given, NAME, whole))
    table = given.table(NAME)
    assert markdown(frame, table, given.scale) == markdown(complete, table, given.scale)


def test_a_missing_seed_leaves_the_mean_of_the_others_and_is_named(given, results):
    cell = cells(given)[0]
    fail(file_of(given, results, cell, 1), "fame: no disk; free space\n")
    row = partial(given, results).iloc[cell.row]
    assert row["ucf101_measured"] == statistics.fmean([50, 54])  # 50 + 2 * seed
    assert row["ucf101_std"] == pytest.approx(statistics.stdev([50, 54]))
    assert row["ucf101_n"] == 2
    run = cell.runs[1]
    assert row["ucf101_missing"] == (
        f"missing 1 of 3 runs: {run.id}: linear on ucf101-w1 failed: no disk; free space"
    )
    assert row["hmdb51_missing"] == "" and row["hmdb51_n"] == 3
    assert run.id in row["runs"]  # HMDB51 has it


def test_a_cell_without_any_run_has_no_number(given, results):
    cell = cells(given)[0]
    for run in cell.runs:
        shutil.rmtree(results / run.id)
    frame = partial(given, results)
    row = frame.iloc[cell.row]
    for kind in ("measured", "std", "n"):
        assert pd.isna(row[f"ucf101_{kind}"])
    assert row["ucf101_published"] == 72.2
    assert row["ucf101_missing"].startswith(f"missing 3 of 3 runs: {cell.runs[0].id}: world of")
    assert row["runs"] == row["measured_on"] == row["comparable"] == ""
    text = markdown(frame, given.table(NAME), given.scale)
    assert "72.2 / mini: missing [1]" in text


def test_a_damaged_result_is_a_missing_one_and_says_so(given, results):
    cell = cells(given)[0]
    file_of(given, results, cell, 0).write_text("{")
    row = partial(given, results).iloc[cell.row]
    assert row["ucf101_n"] == 2
    assert "missing 1 of 3 runs: " in row["ucf101_missing"]
    assert "linear.json: not readable as JSON" in row["ucf101_missing"]
    with pytest.raises(FameError, match="not readable as JSON"):
        build(given, NAME, results)


def test_a_result_that_should_have_been_made_again_is_not_shown(given, results):
    cell = cells(given)[0]
    unmade = {str(file_of(given, results, cell, seed)) for seed in range(3)}
    row = partial(given, results, unmade=unmade).iloc[cell.row]
    assert pd.isna(row["ucf101_measured"])
    assert row["ucf101_missing"].startswith("missing 3 of 3 runs: ")


def test_the_files_say_that_they_are_partial(given, results, tmp_path):
    cell = cells(given)[0]
    fail(file_of(given, results, cell, 2), "ValueError: a `b` | c\n")
    out = tmp_path / "tables" / "table5.csv"
    sentence = write_partial(partial(given, results), given, NAME, out)
    total = len(list(given.cells([NAME])))
    target = out.with_name("table5.partial.csv")
    assert sentence == f"{target}: table5 is partial, 1 of {total} measured cells lack runs"
    found = sorted(path.name for path in out.parent.iterdir())
    assert found == ["table5.partial.csv", "table5.partial.md"]
    with target.open(newline="") as file:
        row = list(csv.DictReader(file))[cell.row]
    assert row["ucf101_measured"] == "51.0" and row["ucf101_n"] == "2"
    assert row["ucf101_missing"].endswith("failed: ValueError: a `b` | c")
    text = out.with_name("table5.partial.md").read_text()
    assert "> **This table is partial" in text
    assert "| 72.2 / mini: 51.0 ± 1.4 (n=2, partial) [1] |" in text
    assert "1. `missing 1 of 3 runs: moco-fame-" in text and "ValueError: a 'b' | c`" in text


def test_an_older_whole_table_is_pointed_at(given, whole, results, tmp_path):
    out = tmp_path / "table5.csv"
    write(build(given, NAME, whole), given, NAME, out)
    file_of(given, results, cells(given)[0], 2).unlink()
    sentence = write_partial(partial(given, results), given, NAME, out)
    assert sentence.endswith(f"{out} is older than this run")


def test_a_whole_table_removes_the_partial_one_where_it_stands(given, whole, results, tmp_path):
    file_of(given, results, cells(given)[0], 2).unlink()
    places = [tmp_path / "tables" / "table5.csv", tmp_path / "published" / "table5.csv"]
    for place in places:
        write_partial(partial(given, results), given, NAME, place)
    write(build(given, NAME, whole), given, NAME, places[0])
    assert not list(places[0].parent.glob("*.partial.*"))
    assert len(list(places[1].parent.glob("*.partial.*"))) == 2
    publish([places[0].with_suffix(suffix) for suffix in SUFFIXES], places[1].parent)
    assert not list(tmp_path.rglob("*.partial.*"))


def test_leaving_writes_what_was_asked_for_and_raises_nothing(given, whole, results, tmp_path):
    file_of(given, results, cells(given)[0], 2).unlink()
    blocked = tmp_path / "file"
    blocked.write_text("")
    wanted = [(NAME, tmp_path / "a" / "table5.csv"), ("table99", tmp_path / "table99.csv")]
    wanted += [("table6", tmp_path / "table6.csv")]
    first, second, third = leave(given, wanted, results, frozenset())
    assert "table5.partial.csv: table5 is partial, 1 of" in first
    assert second.startswith(f"{tmp_path}/table99.csv: no partial table: there is no table")
    assert third.endswith("all results of table6 are there, but it was not written")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "table5.partial.csv",
        "table5.partial.md",
    ]
    assert not list(tmp_path.glob("table*"))


def test_leaving_where_nothing_exists(given, tmp_path):
    (sentence,) = leave(given, [(NAME, tmp_path / "t" / "table5.csv")], tmp_path / "no", set())
    total = len(list(given.cells([NAME])))
    assert sentence.endswith(f"{total} of {total} measured cells lack runs")


def command(results, out, *options):
    tables = ROOT / "config" / "tables"
    call = ["table", NAME, "--scale", "mini", "--tables", tables, "--results", results]
    return CliRunner().invoke(app, [*map(str, call), "--out", str(out), *options])


def test_the_command_fails_with_what_there_is(given, results, tmp_path):
    file_of(given, results, cells(given)[0], 2).unlink()
    out = tmp_path / "tables" / "table5.csv"
    plain = command(results, out)
    assert plain.exit_code == 1 and "no such result" in str(plain.exception)
    assert not out.parent.exists()
    done = command(results, out, "--partial")
    assert done.exit_code == 1
    assert isinstance(done.exception, FameError)
    assert str(done.exception).startswith(f"{tmp_path}/tables/table5.partial.csv: table5 is part")
    assert out.with_name("table5.partial.csv").is_file() and not out.exists()


def test_the_command_writes_a_whole_table_as_ever(whole, tmp_path):
    out = tmp_path / "table5.csv"
    done = command(whole, out, "--partial")
    assert done.exit_code == 0, done.output
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["table5.csv", "table5.html", "table5.md", "table5.tex"]
