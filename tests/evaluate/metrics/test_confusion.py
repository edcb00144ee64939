import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image
from torchmetrics.functional.classification import multiclass_confusion_matrix

from fame.core.errors import FameError
from fame.evaluate.metrics import confusion
from fame.evaluate.metrics.confusion import draw, matrix, percentages, picture, write


@given(data=some.data(), classes=some.integers(1, 6))
def test_matrix_equals_counting_one_by_one_and_torchmetrics(data, classes):
    pairs = data.draw(some.lists(some.tuples(*[some.integers(0, classes - 1)] * 2), min_size=1))
    labels, predictions = np.array(pairs).T
    slow = np.zeros((classes, classes), int)
    for label, prediction in pairs:
        slow[label, prediction] += 1
    found = matrix(labels, predictions, classes)
    assert np.array_equal(found, slow)
    if classes > 1:
        known = multiclass_confusion_matrix(
            torch.from_numpy(predictions), torch.from_numpy(labels), classes
        )
        assert np.array_equal(found, known.numpy())


@pytest.mark.parametrize("classes", [3, 8, 101])
def test_files(tmp_path, classes):
    rng = np.random.default_rng(0)
    labels = rng.integers(classes - 1, size=300)  # the last class has no test video
    predictions = np.where(rng.random(300) < 0.7, labels, rng.integers(classes, size=300))
    names = [f"class, {n}" for n in range(classes)]
    write(tmp_path / "linear.json", labels, predictions, names)
    counts = pd.read_csv(tmp_path / "linear.confusion.csv", index_col="true")
    assert counts.index.tolist() == counts.columns.tolist() == names
    assert counts.to_numpy().sum() == 300
    each = pd.read_csv(tmp_path / "linear.classes.csv").set_index("class")
    first = labels == 0
    assert each.loc[names[0], "accuracy"] == pytest.approx(
        100 * (predictions[first] == 0).mean(), abs=1e-3
    )
    assert each.loc[names[-1], "n"] == 0
    assert np.isnan(each.loc[names[-1], "accuracy"])
    picture(tmp_path / "linear.confusion.csv")
    with Image.open(tmp_path / "linear.confusion.png") as drawn:
        assert drawn.width > 400


def test_rows_are_percent_of_the_true_class():
    counts = np.array([[3, 1, 0], [0, 0, 0], [1, 0, 1]])
    found = percentages(counts)
    assert found[0].tolist() == [75, 25, 0] and found[2].tolist() == [50, 0, 50]
    assert np.isnan(found[1]).all()
    (image,) = draw(counts, ["a", "b", "c"]).axes[0].get_images()
    np.testing.assert_array_equal(np.ma.filled(image.get_array(), np.nan), found)


@pytest.mark.parametrize(("classes", "named"), [(8, True), (51, True), (101, False), (400, False)])
def test_names_stand_at_every_class_unless_there_are_too_many(classes, named):
    names = [f"class {n}" for n in range(classes)]
    axes = draw(np.eye(classes, dtype=np.int64), names).axes[0]
    for axis in (axes.xaxis, axes.yaxis):
        shown = [label.get_text() for label in axis.get_ticklabels()]
        assert shown == names if named else 3 <= len(shown) <= 11
        assert axis.get_ticklocs()[-1] < classes
    assert bool(axes.texts) == (classes == 8)


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(FameError, match="3 labels but 2 predictions"):
        matrix(np.array([0, 1, 1]), np.array([0, 1]), 2)
    for wrong in (-1, 2):
        with pytest.raises(FameError, match=f"2 classes has no class {wrong}"):
            matrix(np.array([0, 1]), np.array([0, wrong]), 2)


def test_a_picture_is_of_the_counts_that_were_written(tmp_path, monkeypatch):
    seen = []
    real = confusion.draw
    monkeypatch.setattr(confusion, "draw", lambda *given: seen.append(given) or real(*given))
    names = ["NA", "7", "true, or so"]  # names that a reader could take for something else
    write(tmp_path / "x.json", np.array([0, 1, 1, 2]), np.array([0, 1, 2, 2]), names)
    picture(tmp_path / "x.confusion.csv")
    ((counts, shown),) = seen
    assert counts.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]
    assert shown == names


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "does not exist; evaluate first"),
        ("", "is not a confusion matrix"),
        ('{"a": 1}', "is not a confusion matrix"),
        ('{\n"a": 1\n}\n', "is not a confusion matrix"),
        ("true,a,b\na,1,x\nb,0,1\n", "is not a confusion matrix"),
        ("true,a,b\na,1,0\n", "rows and columns name other classes"),
    ],
)
def test_what_is_no_matrix_is_not_drawn(tmp_path, text, reason):
    path = tmp_path / "x.confusion.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(FameError, match=reason):
        picture(path)
    assert not (tmp_path / "x.confusion.png").exists()


def test_a_folder_is_no_matrix(tmp_path):
    with pytest.raises(FameError, match="is not a confusion matrix"):
        picture(tmp_path)


def test_equal_matrices_are_equal_files_and_matplotlib_waits_until_then(tmp_path):
    labels = np.array([0, 1, 1])
    for place in ("a", "b"):
        write(tmp_path / place / "x.json", labels, labels, ["a", "b"])
        picture(tmp_path / place / "x.confusion.csv")
    for ending in (".confusion.csv", ".confusion.png", ".classes.csv"):
        one, two = (tmp_path / place / f"x{ending}" for place in ("a", "b"))
        assert one.read_bytes() == two.read_bytes()
    code = "import sys, fame.evaluate.metrics.confusion; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
