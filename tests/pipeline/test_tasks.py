"""What the tasks declare: metrics, settings, and the epochs that the release tests."""

import pytest
from micro_world import MICRO

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.core.registry import names
from fame.pipeline.tasks import (
    OF_TABLES,
    TASKS,
    check_metric,
    epochs_tested,
    features_of,
    normalisations_of,
    settings_of,
)


@pytest.mark.parametrize("epochs", [1, 2, 10, 11, 35, 150])
def test_the_releases_epochs_counted_from_1(epochs):
    """It tests the epochs 0, 10, 20 ... and the last, counted from 0."""
    expected = [n + 1 for n in range(epochs) if n % 10 == 0 or n == epochs - 1]
    assert list(epochs_tested(epochs)) == expected


def test_every_file_of_the_package_is_a_task_whose_settings_are_those_of_its_parts():
    scale = load_scale(str(MICRO))
    assert list(TASKS) == names("fame.evaluate.tasks")
    evaluate = scale.evaluate
    assert settings_of(scale, "retrieval") == evaluate.retrieval.model_dump(mode="json")
    assert settings_of(scale, "bias") == evaluate.linear.model_dump(mode="json")
    assert settings_of(scale, "finetune") == {
        **evaluate.finetune.model_dump(mode="json"),
        **{"clips": evaluate.clips, "crop": evaluate.crop, "max_short_side": scale.max_short_side},
    }


@pytest.mark.parametrize(
    ("name", "trained", "expected"),
    [
        ("pretraining", "normalised", {"linear": ("pretraining",), "retrieval": ("pretraining",)}),
        ("imagenet", "raw", {"linear": ("pretraining", "raw"), "retrieval": ("imagenet",)}),
    ],
)
def test_features_are_those_that_the_scale_names(micro, name, trained, expected):
    changes = {
        "evaluate.retrieval.normalisation": name,
        "evaluate.linear.train_normalisation": trained,
    }
    scale = load_scale(str(micro.scale("normalised", changes)))
    assert {task: features_of(scale, task) for task in expected} == expected
    assert features_of(scale, "bias") == ("pretraining", "bias")
    assert features_of(scale, "finetune") == ()
    names = {name for task in TASKS for name in features_of(scale, task)}
    assert {*normalisations_of(scale), "bias"} == names
    assert len(normalisations_of(scale)) == len(names) - 1


def test_a_table_asks_for_its_tasks_and_their_metrics_only():
    scale = load_scale(str(MICRO))
    assert OF_TABLES == ("bias", "finetune", "knn", "linear", "retrieval")
    check_metric(scale, "retrieval", "r5", "t")
    with pytest.raises(
        FameError, match=r"^t: retrieval .* no metric 'r7'; choose .* r1, r5.*ranks$"
    ):
        check_metric(scale, "retrieval", "r7", "t")
    with pytest.raises(
        FameError, match=r"^t: no task 'nearest'; choose one of bias, finetune, knn"
    ):
        check_metric(scale, "nearest", "top1", "t")
