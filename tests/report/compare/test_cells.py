"""Matched cells: by row in words, task and column; what one side lacks stays."""

from pathlib import Path

import pandas as pd
import pytest

from fame.report.compare.cells import matches
from fame.report.compare.sides import Side

HEADS = ["method", "frames", "task", "x_published", "x_measured", "x_std", "x_n", "scale", "runs"]


def made(*rows):
    frame = pd.DataFrame([dict(zip(HEADS, row, strict=True)) for row in rows])
    return Side("a", Path(), {"t": frame}, {}, {})


def row(method, mean, runs="r-s0 r-s1", task="linear", frames=16):
    std, n = (None, 1) if " " not in runs else (1.5, 2)
    return (method, frames, task, 70.0, mean, std, n, "mini", runs)


def test_differences_are_of_the_same_row_task_and_column():
    a = made(row("FAME", 50.0), row("FAME", 60.0, task="finetune"), row("MoCo", 40.0))
    b = made(row("MoCo", 41.0), row("FAME", 53.0, "q-s0 q-s1"), row("FAME", 60.0, task="finetune"))
    found = {one.key: one for one in matches(a, b)}
    assert {key: one.difference for key, one in found.items()} == {
        ("t", "FAME, 16", "linear", "x"): pytest.approx(3.0),
        ("t", "FAME, 16", "finetune", "x"): pytest.approx(0.0),
        ("t", "MoCo, 16", "linear", "x"): pytest.approx(1.0),
    }
    assert [one.same_runs for one in found.values()] == [False, True, True]


def test_what_one_side_lacks_has_no_difference():
    found = matches(made(row("FAME", 50.0), row("MoCo", None)), made(row("BE", 30.0)))
    assert [(one.key[1], one.difference) for one in found] == [("FAME, 16", None), ("BE, 16", None)]
    assert found[0].b is None and found[1].a is None
    assert not any(one.same_runs for one in found)


def test_rows_that_repeat_are_numbered():
    found = matches(made(row("FAME", 50.0), row("FAME", 60.0)), made(row("FAME", 51.0)))
    assert [one.key[1] for one in found] == ["FAME, 16", "FAME, 16 (2)"]
    assert [one.difference for one in found] == [1.0, None]


def test_whole_numbers_are_the_same_words_whatever_their_type():
    (one,) = matches(made(row("FAME", 50.0, frames=16.0)), made(row("FAME", 50.0, frames=16)))
    assert one.difference == 0.0


def test_a_value_in_words():
    (one,) = matches(made(row("FAME", 50.04)), made(row("FAME", 50.0, "r-s0")))
    assert one.a.text == "50.0 ± 1.5 (n=2)"
    assert one.b.text == "50.0 (n=1)"
