"""The figures file: which encoders are compared, by figures that exist."""

from typing import Any

import pytest
from micro_world import TABLES

from fame.config.figures import Figures
from fame.config.reading import load_figures, parse
from fame.core.errors import FameError

ARM = {"title": "One", "recipes": [{"method": "random", "backbone": "r2plus1d"}]}
GIVEN: dict[str, Any] = {
    "arms": {"one": ARM, "two": ARM, "unused": ARM},
    "bias": {"arms": ["one"], "datasets": ["ucf101"]},
    "figure1": {"arms": ["two", "one"]},
}


def test_each_figure_has_its_arms_in_order():
    figures = parse(Figures, GIVEN, "figures.yaml")
    assert figures.arms_of("figure1") == ("two", "one")
    assert figures.arms_of("bias") == ("one",)
    assert figures.arms_of("figure2") == ()
    assert figures.compared == ["one", "two"]


def test_the_projects_own_file_compares_encoders_in_three_figures():
    figures = load_figures(TABLES / "figures.yaml")
    assert set(figures.comparisons) == {"bias", "figure1", "figure3"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"figur1": {"arms": ["one"]}}, "'figur1' is no figure; choose one of bias, claims"),
        ({"figure1": {"arms": ["three"]}}, "figure1.arms names 'three', which is not among"),
        ({"figure1": {"arms": []}}, "figure1.arms"),
        ({"figure1": {"arms": ["one"], "datasets": ["ucf101"]}}, "unknown key figure1.datasets"),
        ({"bias": {"arms": ["one"]}}, "bias.datasets is missing"),
    ],
)
def test_a_mistake_is_named(change, sentence):
    with pytest.raises(FameError, match=sentence):
        parse(Figures, GIVEN | change, "figures.yaml")
