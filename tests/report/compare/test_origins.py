"""Which recipes, evaluations and versions differ, by hand."""

from pathlib import Path

import pytest

from fame.report.compare.cells import Match, Value
from fame.report.compare.origins import (
    ABSENT,
    Change,
    evaluations,
    recipes,
    versions,
    without_cards,
)
from fame.report.compare.sides import Side


def card(seed=0, beta=0.5, torch="2.9", code="0.1.0", **more):
    recipe = {"version": 3, "seed": seed, "pretrain": {"merge": {"beta": beta}, **more}}
    environment = {"python": "3.11", "device": "cpu", "packages": {"torch": torch}, "lock": None}
    return {"seed": seed, "recipe": recipe, "environment": environment, "code": code}


def side(cards, tasks=None):
    return Side("a", Path(), {}, cards, tasks or {})


def match(row, left, right):
    return Match(("t", row, "linear", "x"), *(Value(50.0, None, 1, runs) for runs in (left, right)))


def test_runs_are_paired_by_seed_and_equal_differences_stand_together():
    a = side({"a1": card(1), "a0": card(0)})
    b = side({"b0": card(0, beta=0.3, plugin="x"), "b1": card(1, beta=0.3, plugin="x")})
    both = [match(row, ("a1", "a0"), ("b0", "b1")) for row in ("FAME", "FAME, finetuned")]
    (found,) = recipes([*both, match("MoCo", ("a0",), ("a0",))], a, b)
    assert found.rows == ("t: FAME", "t: FAME, finetuned")
    assert found.changes == (
        Change("pretrain.merge.beta", "0.5", "0.3"),
        Change("pretrain.plugin", ABSENT, "x"),
    )


def test_other_seeds_are_no_other_recipe():
    a, b = side({"a": card(0)}), side({"b": card(5)})
    assert recipes([match("FAME", ("a",), ("b",))], a, b) == []


def test_rows_without_cards_are_counted_not_judged():
    a, b = side({"a": card()}), side({})
    both = [match("FAME", ("a",), ("b",)), match("MoCo", ("a",), ("a",))]
    assert recipes(both, a, b) == []
    assert without_cards(both, a, b) == 1


def test_versions_of_all_runs_of_a_side():
    a = side({"x": card(torch="2.10"), "y": card(torch="2.9"), "z": {}})
    b = side({"x": card(torch="2.9", code="0.2.0")})
    assert versions(a, b) == [Change("code", "0.1.0", "0.2.0"), Change("torch", "2.9, 2.10", "2.9")]
    assert versions(b, b) == []


@pytest.mark.parametrize("epochs", [100, 10])
def test_settings_of_tasks_that_both_have(epochs):
    a = side({}, {"linear": {"settings": {"epochs": 100}, "versions": {"linear": 1}}, "bias": {}})
    b = side({}, {"linear": {"settings": {"epochs": epochs}, "versions": {"linear": 1}}})
    expected = [] if epochs == 100 else [Change("linear: settings.epochs", "100", "10")]
    assert evaluations(a, b) == expected
