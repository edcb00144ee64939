import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image
from torchmetrics.functional.classification import multiclass_confusion_matrix

from fame.evaluate.confusion import matrix, write


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
    draw = np.random.default_rng(0)
    labels = draw.integers(classes - 1, size=300)  # the last class has no test video
    predictions = np.where(draw.random(300) < 0.7, labels, draw.integers(classes, size=300))
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
    with Image.open(tmp_path / "linear.confusion.png") as picture:
        assert picture.width > 400
