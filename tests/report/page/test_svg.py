"""Pictures as inline SVG: places by hand, round ticks, colours by role, escaped texts."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame.report.page.svg import SPARE, Axis, Panel, Series, dot, looks, tag


def test_a_value_lies_in_proportion():
    assert Axis(0.0, 10.0).place(2.5, 100.0, 200.0) == 125.0
    assert Axis(0.0, 10.0).place(2.5, 200.0, 100.0) == 175.0  # upwards


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (Axis(0.0, 1.0), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (Axis(-5.0, 44.0), [0.0, 10.0, 20.0, 30.0, 40.0]),
        (Axis(0.0, 540.0), [0.0, 200.0, 400.0]),
        (Axis(31.0, 33.0), [31.0, 31.5, 32.0, 32.5, 33.0]),
    ],
)
def test_ticks_are_round(axis, ticks):
    assert axis.ticks == ticks


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_there_are_some_ticks_and_never_many_and_all_in_range(low, size):
    axis = Axis(low, low + size)
    assert 1 <= len(axis.ticks) <= 6
    slack = 1e-6 * size + 1e-9
    assert all(axis.low - slack <= tick <= axis.high + slack for tick in axis.ticks)


@pytest.mark.parametrize("values", [[], [3.0], [0.0, 0.0], [1.0, 2.0]])
def test_an_axis_has_room_around_its_values(values):
    axis = Axis.around(values)
    assert axis.low < axis.high
    assert all(axis.low < value < axis.high for value in values)


def test_colours_follow_roles_and_only_the_first_of_a_role_has_its():
    found = looks(["moco, mask fame", "moco, no merging", "be", "random", "mask fame, beta 0.3"])
    assert found[:2] == ["c1", "c0"]
    assert found[3] == "c5"
    assert found[2] == SPARE[0] != found[4]


def test_texts_are_escaped_and_a_dot_says_its_title():
    found = dot(1.0, 2.345678, "a < b", "#card-x", r=3.0)
    link = ElementTree.fromstring(found)
    (circle,) = link
    assert link.attrib == {"href": "#card-x"}
    assert circle.attrib == {"cx": "1", "cy": "2.35", "r": "3"}
    assert circle[0].text == "a < b"
    assert 'x="&#34;"' in tag("text", x='"')


def test_a_panel_has_a_dot_or_a_line_for_each_series():
    panel = Panel("Loss", Axis(0.0, 10.0, "step"), Axis(0.0, 1.0))
    series = [Series([(1.0, 0.5), (2.0, 0.6)], "c0", ["one", "two"]), Series([], "c1")]
    dots = ElementTree.fromstring(panel.dots(series, "what it is"))
    assert dots.find("figcaption").text == "Loss"
    assert dots.find("svg").attrib["aria-label"] == "what it is"
    assert len(dots.findall("svg/circle")) == 2
    lines = ElementTree.fromstring(panel.lines(series, ""))
    (line,) = lines.findall("svg/polyline")
    x, y = panel.at((1.0, 0.5))
    assert line.attrib["points"].split()[0] == f"{x:.1f},{y:.1f}"
