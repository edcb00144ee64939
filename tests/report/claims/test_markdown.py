"""What a number of seeds can show, said in one sentence that is computed."""

import pandas as pd
import pytest

from fame.report.claims.markdown import counts, resolution


@pytest.mark.parametrize(
    ("n", "word", "least"),
    [
        (2, "none", "1"),
        (3, "none", "1"),
        (10, "none", "0.061"),
        (11, "any", "0.03"),
        (12, "any", "0.015"),
    ],
)
def test_what_a_number_of_seeds_can_show_is_one_computed_sentence(n, word, least):
    frame = pd.DataFrame({"n": [n], "comparisons": [31], "family": ["primary"]})
    text = resolution(frame)
    assert text.startswith(f"{n} seeds show the size, direction and spread")
    assert f"in {word} of the 31 primary comparisons (the smallest possible is {least}" in text
    assert text.count(". ") == 0 and text.endswith(".")
    assert ("; 11 seeds could" in text) == (word == "none")


def test_both_families_stand_in_the_sentence():
    frame = pd.DataFrame({"n": 3, "comparisons": [31, 56], "family": ["primary", "secondary"]})
    assert " and in none of the 56 secondary comparisons" in resolution(frame)


def test_nothing_measured_says_nothing():
    frame = pd.DataFrame({"n": [None], "comparisons": [None], "family": ["primary"]})
    assert resolution(frame) == ""


def test_verdicts_are_counted_by_family():
    frame = pd.DataFrame({"scale": "x", "family": ["primary"] * 2 + ["secondary"]})
    frame["verdict"] = ["replicated", "not resolved", "one seed"]
    assert counts(frame) == (
        "Primary claims at x: 1 replicated, 1 not resolved. Secondary claims at x: 1 one seed."
    )
