"""Gains by class by hand, and confusion over seeds; files that are not what they should be."""

import pytest

from fame.core.errors import FameError
from fame.pipeline.experiments import result_file
from fame.report.page.classes import by_class, gains_of, pooled
from fame.report.page.pairs import pairs
from fame.report.page.seeds import measured


@pytest.fixture(scope="module")
def pair(mini_results):
    given, folder = mini_results
    found = pairs(measured(given, folder), given.scale)
    return given.scale, next(one for one in found if one.fame.cell.task == "linear")


def write(scale, one, folder, suffix, texts):
    """A file beside the result of each seed."""
    for run, text in zip(one.cell.runs, texts, strict=False):
        file = folder / result_file(scale, run, one.cell.dataset, one.cell.task)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_suffix(suffix).write_text(text)


def accuracies(a, b):
    return f"class,n,correct,accuracy\nA,10,0,{a}\nB,10,0,{b}\nNone,0,0,\n"


SQUARE = "true,A,B\nA,1,2\nB,0,3\n"


@pytest.fixture
def folder(pair, tmp_path):
    scale, both = pair
    write(scale, both.fame, tmp_path, ".classes.csv", [accuracies(50, 90), accuracies(70, 80)])
    write(scale, both.moco, tmp_path, ".classes.csv", [accuracies(60, 40), accuracies(20, 50)])
    for one in (both.fame, both.moco):
        write(scale, one, tmp_path, ".confusion.csv", [SQUARE, SQUARE])
    return tmp_path


def test_gains_by_hand_the_largest_first(pair, folder):
    scale, both = pair
    found = gains_of(both, scale, folder)
    assert {name: gap.values for name, gap in found.items()} == {
        "B": {0: 50.0, 1: 30.0},
        "A": {0: -10.0, 1: 50.0},
    }
    assert list(found) == ["B", "A"]


def test_confusion_adds_up_over_seeds(pair, folder):
    scale, both = pair
    assert pooled(both.moco, scale, folder).to_numpy().tolist() == [[2, 4], [0, 6]]


def test_the_pictures_say_what_they_show(pair, folder):
    scale, both = pair
    (found,) = by_class([both], scale, folder)
    assert "B: +40.0; A: +20.0" in found.gains
    assert found.gains.count("<circle") == 4
    assert [name for name, _ in found.matrices] == ["MoCo", "FAME"]
    assert "A taken for B: 67 %" in found.matrices[0][1]
    assert "B taken for A" not in found.matrices[0][1]


def test_nothing_without_the_files(pair, tmp_path):
    scale, both = pair
    assert by_class([both], scale, tmp_path) == ()
    assert pooled(both.fame, scale, tmp_path) is None


@pytest.mark.parametrize("text", ["true,A,B\nA,1,2\n", "A,B\n1,2\n", "true,A\nA,0.5\n"])
def test_what_is_no_matrix_is_named(pair, folder, text):
    scale, both = pair
    write(scale, both.fame, folder, ".confusion.csv", [text])
    with pytest.raises(FameError, match=r"confusion\.csv: not a confusion matrix; delete it"):
        pooled(both.fame, scale, folder)


def test_what_has_no_accuracies_is_named(pair, folder):
    scale, both = pair
    write(scale, both.fame, folder, ".classes.csv", ["class\nA\n"])
    with pytest.raises(FameError, match=r"classes\.csv: not accuracies by class"):
        gains_of(both, scale, folder)
