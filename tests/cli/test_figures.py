"""The figures' command line: titles with paths, help, and one sentence for what is wrong."""

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


@pytest.mark.parametrize(
    ("verb", "option"), [("activation", "--world"), ("figure1", "--out"), ("figure3", "--out")]
)
def test_every_verb_has_help(verb, option):
    done = CliRunner().invoke(app, [verb, "--help"])
    assert done.exit_code == 0
    assert option in done.stdout


@pytest.mark.parametrize("verb", ["figure1", "figure3"])
def test_a_missing_file_reaches_the_user_as_a_sentence(verb, tmp_path):
    done = CliRunner().invoke(app, [verb, f"FAME={tmp_path}/none", "--out", f"{tmp_path}/figure"])
    assert isinstance(done.exception, FameError)
    assert "none" in str(done.exception)
    assert not list(tmp_path.iterdir())


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
