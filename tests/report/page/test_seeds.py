"""Cells by seed: values, paired differences and their interval, chance."""

import math

import pytest

from fame.core.errors import FameError
from fame.core.files import read_json, write_json
from fame.report.page.pairs import gap
from fame.report.page.seeds import Gap, measured


@pytest.fixture(scope="module")
def cells(mini_results):
    return measured(*mini_results)


def test_every_cell_has_a_value_for_each_seed(mini_results, cells):
    given, _ = mini_results
    assert len(cells) == sum(1 for _ in given.cells(given.tables))
    for one in cells.values():
        more = 10 if one.run.merge else 0
        assert one.defined == {seed: 40.0 + 2 * seed + more for seed in (0, 1, 2)}
        assert one.chance is None  # the made results do not say


def test_an_undefined_value_is_left_out_of_differences(cells):
    one = next(iter(cells.values()))
    other = type(one)(one.place, one.cell, dict.fromkeys(one.values, math.nan))
    assert other.defined == {}
    assert gap(one, other) is None
    assert gap(one, one).values == {0: 0.0, 1: 0.0, 2: 0.0}


def test_a_gap_by_hand():
    found = Gap({0: 1.0, 1: 2.0, 2: 3.0})
    assert found.text == "+2.0 ± 1.0"
    # Student's t of two degrees of freedom at 0.975 is 4.3027.
    assert found.interval == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-3)


def test_one_seed_has_a_difference_and_no_spread():
    assert Gap({4: -1.25}).text == "-1.2"
    assert Gap({4: -1.25}).interval is None


def test_chance_is_what_the_results_say(own_results):
    given, folder = own_results
    for path in (folder / "evaluate").glob("*/ucf101-*/linear.json"):
        result = read_json(path)
        write_json(path, result | {"details": {"chance": 12.5}})
    cells = measured(given, folder).values()
    found = {one.chance for one in cells if one.what == ("linear", "ucf101", "top1")}
    assert found == {12.5}


def test_a_missing_result_is_named(own_results):
    given, folder = own_results
    next((folder / "evaluate").glob("*/*/linear.json")).unlink()
    with pytest.raises(FameError, match=r"linear\.json: no such result; make it with"):
        measured(given, folder)
