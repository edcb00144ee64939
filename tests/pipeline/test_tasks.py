"""What the tasks declare: metrics, settings, and the epochs that the release tests."""

import pytest
from micro_world import MICRO

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.core.registry import names
from fame.pipeline.tasks import OF_TABLES, TASKS, check_metric, epochs_tested


@pytest.mark.parametrize("epochs", [1, 2, 10, 11, 35, 150])
def test_the_releases_epochs_counted_from_1(epochs):
    """It tests the epochs 0, 10, 20 ... and the last, counted from 0."""
    expected = [n + 1 for n in range(epochs) if n % 10 == 0 or n == epochs - 1]
    assert list(epochs_tested(epochs)) == expected


def test_every_task_is_a_file_and_its_settings_are_those_of_its_section():
    scale = load_scale(str(MICRO))
    assert set(TASKS) <= set(names("fame.evaluate.tasks"))
    assert TASKS["retrieval"].settings(scale) == scale.evaluate.retrieval.model_dump(mode="json")
    assert TASKS["finetune"].settings(scale)["clips"] == scale.evaluate.clips
    assert TASKS["bias"].settings(scale) == TASKS["linear"].settings(scale)


def test_a_table_asks_for_its_tasks_and_their_metrics_only():
    scale = load_scale(str(MICRO))
    assert OF_TABLES == ("linear", "retrieval", "finetune")
    check_metric(scale, "retrieval", "r5", "t")
    with pytest.raises(FameError, match=r"^t: retrieval .* no metric 'r7'; choose one of r1, r5.*"):
        check_metric(scale, "retrieval", "r7", "t")
    with pytest.raises(FameError, match=r"^t: no task 'knn'; choose one of linear, retrieval"):
        check_metric(scale, "knn", "top1", "t")
