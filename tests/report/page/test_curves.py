"""Curves: the scalars of a log, thinned without losing their mean, one picture for each."""

import json

import pytest

from fame.core.errors import FameError
from fame.report.page.curves import POINTS, curves, read, thinned
from fame.report.page.variants import variants


def log(path, steps):
    path.parent.mkdir(parents=True)
    lines = [{"step": n, "loss": 3 - n / steps, "lr": 0.1} for n in range(1, steps + 1)]
    lines.append({"step": steps, "knn": 50.0})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_log_has_a_curve_for_each_scalar(tmp_path):
    log(tmp_path / "run" / "metrics.jsonl", 2)
    found = read(tmp_path / "run" / "metrics.jsonl")
    assert found == {"loss": [(1, 2.5), (2, 2.0)], "lr": [(1, 0.1), (2, 0.1)], "knn": [(2, 50.0)]}


def test_values_that_are_not_finite_are_left_out(tmp_path):
    (tmp_path / "m").write_text('{"step": 1, "loss": NaN}\n{"step": 2, "loss": 1}\n')
    assert read(tmp_path / "m") == {"loss": [(2, 1.0)]}


@pytest.mark.parametrize("line", ["{", "[1]", '{"loss": 1}', '{"step": "x"}'])
def test_a_line_that_is_no_step_is_named(tmp_path, line):
    (tmp_path / "m").write_text('{"step": 1}\n' + line)
    with pytest.raises(FameError, match="line 2 is not a step of a training; delete the run"):
        read(tmp_path / "m")


@pytest.mark.parametrize("count", [1, POINTS, 4 * POINTS])
def test_a_thinned_curve_keeps_its_mean(count):
    points = [(float(n), float(n * n % 7)) for n in range(count)]
    found = thinned(points)
    assert len(found) == min(count, POINTS)
    for axis in (0, 1):
        before, after = (sum(one[axis] for one in some) / len(some) for some in (points, found))
        assert after == pytest.approx(before)


def test_runs_of_a_kind_lie_over_each_other(mini_results, tmp_path):
    given, _ = mini_results
    found = variants(given.runs.values(), given.scale)
    kind = next(one.kind for one in found if one.varies == "no merging")
    chosen = [one for one in found if one.kind == kind][:2]
    for run in (run for one in chosen for run in one.runs):
        log(tmp_path / run.id / "metrics.jsonl", 3)
    (made,) = curves(found, tmp_path)
    assert made.title == kind
    assert [words for _, words in made.legend] == [one.varies for one in chosen]
    assert len(made.panels) == 3
    assert made.panels[0].count("<polyline") == 6
    assert [
        title in str(panel)
        for title, panel in zip(
            ("Loss", "kNN accuracy (%)", "Learning rate"), made.panels, strict=True
        )
    ] == [True] * 3


def test_without_logs_there_are_no_curves(mini_results, tmp_path):
    given, _ = mini_results
    assert curves(variants(given.runs.values(), given.scale), tmp_path) == ()
