"""`fame compare A B`: prints, writes a CSV, and refuses with a sentence."""

import pytest
from typer.testing import CliRunner

from fame.cli import app
from fame.core.errors import FameError


def call(*arguments):
    done = CliRunner().invoke(app, ["compare", *map(str, arguments)])
    if isinstance(done.exception, FameError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_two_folders_and_a_csv(mini_results, tmp_path):
    _, folder = mini_results
    said = call(folder, "mini", "--results", folder.parent, "--out", tmp_path / "c.csv")
    assert said.startswith(f"A: {folder} (scale mini;")
    heads, *rows = (tmp_path / "c.csv").read_text().splitlines()
    assert heads.startswith("table,row,task,column,a_mean,a_std,a_n,b_mean")
    assert len(rows) > 20


def test_what_cannot_be_written_is_refused_first(mini_results, tmp_path):
    _, folder = mini_results
    with pytest.raises(FameError, match=r"must end in \.csv"):
        call(folder, folder, "--out", tmp_path / "c.txt")


def test_without_any_measured_cell(tmp_path):
    (tmp_path / "t.csv").write_text("method,task,x_measured,scale,runs\nFAME,linear,,mini,\n")
    with pytest.raises(FameError, match="has a measured cell; make tables first"):
        call(tmp_path, tmp_path)
