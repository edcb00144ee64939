"""The figures' command line: titles with paths, help, and one sentence for what is wrong."""

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fame.cli import app
from fame.cli.figures import titled
from fame.core.errors import FameError
from fame.evaluate.metrics.confusion import write


def test_titles_keep_their_order_and_paths_theirs():
    found = titled(["Random initialisation=c.npz", "FAME=results/b.npz,a=1.npz"])
    assert list(found) == ["Random initialisation", "FAME"]
    assert found["FAME"] == [Path("results/b.npz"), Path("a=1.npz")]


@pytest.mark.parametrize("argument", ["a.npz", "=a.npz", "FAME=", "FAME=a.npz,", " =a.npz"])
def test_other_arguments_are_named(argument):
    with pytest.raises(FameError, match="is not TITLE=PATH"):
        titled([argument])


def test_a_title_comes_once():
    with pytest.raises(FameError, match="'FAME' is given twice"):
        titled(["FAME=a", "FAME=b"])


@pytest.mark.parametrize("command", ["activation", "figure", "confusion"])
def test_every_command_has_help(command):
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert "Usage" in done.stdout


@pytest.mark.parametrize(
    "name", ["bias", "figure1", "figure2", "figure3", "figure4", "mask_quality"]
)
def test_a_missing_file_reaches_the_user_as_a_sentence(name, tmp_path):
    out = tmp_path / "figure.png"
    done = CliRunner().invoke(app, ["figure", name, f"FAME={tmp_path}/none", "--out", str(out)])
    assert isinstance(done.exception, FameError)
    assert "none" in str(done.exception)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "out", "sentence"),
    [
        ("figure9", "f.png", "There is no 'figure9' in fame.report.figures; did you mean 'figure"),
        ("figure1", "f.gif", r"f\.gif: the name must end in \.png"),
    ],
)
def test_a_wrong_name_is_a_sentence(name, out, sentence, tmp_path):
    done = CliRunner().invoke(app, ["figure", name, "FAME=a.npz", "--out", str(tmp_path / out)])
    assert isinstance(done.exception, FameError)
    assert re.search(sentence, str(done.exception))


def test_a_scale_that_measures_nothing_of_a_figure_says_so(tmp_path):
    out = str(tmp_path / "f.png")
    done = CliRunner().invoke(app, ["figure", "mask_quality", "--scale", "paper", "--out", out])
    assert "'paper' measures nothing that mask_quality shows" in str(done.exception)


def test_confusion_matrices_are_drawn_beside_their_counts(tmp_path):
    labels = np.array([0, 1, 1])
    for name in ("linear", "finetune"):
        write(tmp_path / f"{name}.json", labels, labels, ["a", "b"])
    counts = [str(tmp_path / f"{name}.confusion.csv") for name in ("linear", "finetune")]
    assert CliRunner().invoke(app, ["confusion", *counts]).exit_code == 0
    assert {path.name for path in tmp_path.glob("*.png")} == {
        "linear.confusion.png",
        "finetune.confusion.png",
    }
    # A scale whose tables only retrieve has none.
    assert CliRunner().invoke(app, ["confusion"]).exit_code == 0
