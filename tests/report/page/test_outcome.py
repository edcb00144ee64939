"""The first screen: one honest sentence, with an interval only where there are several seeds."""

import re
from xml.etree import ElementTree

import pytest

from fame.report.claims.verdicts import VERDICTS
from fame.report.page.outcome import date_of, first_screen
from fame.report.page.pairs import pairs
from fame.report.page.seeds import Seeds, measured

JUDGING = ("better", "worse", "wins", "significant", "confirm", *VERDICTS[:3])


@pytest.fixture(scope="module")
def given(mini_results):
    experiments, folder = mini_results
    return measured(experiments, folder), experiments.scale


def with_seeds(cells, seeds, worst=()):
    """The cells with some seeds only, and with other values in the seeds of `worst`."""
    return {
        at: Seeds(
            one.place,
            one.cell,
            {
                run.id: (0.0 if run.seed in worst and run.merge else one.values[run.id])
                if run.seed in seeds
                else float("nan")
                for run in one.cell.runs
            },
            12.5,
        )
        for at, one in cells.items()
    }


def test_several_seeds_have_an_interval(given):
    cells, scale = given
    found = first_screen(with_seeds(cells, (0, 1, 2)), scale, [])
    assert (
        "(linear probe, mini UCF101 (generated), R(2+1)D, 8 wide; mean of 3 seeds, chance 12.5 %)"
        in (found.sentence)
    )
    assert found.sentence.endswith("+10.0 points, 95 % interval +10.0 to +10.0.")


def test_one_seed_has_a_difference_and_no_word_of_judgement(given):
    cells, scale = given
    found = first_screen(with_seeds(cells, (1,)), scale, [])
    assert found.sentence.startswith("FAME reaches 52.0 % and MoCo 42.0 % at scale mini (")
    assert found.sentence.endswith(
        "one seed, chance 12.5 %): a difference of +10.0 points, which has no spread."
    )
    text = found.sentence.lower() + re.sub("<[^>]*>", " ", found.picture).lower()
    assert not [word for word in JUDGING if word in text]
    assert "±" not in text and "interval" not in text


def test_a_loss_is_said_like_a_gain(given):
    cells, scale = given
    found = first_screen(with_seeds(cells, (0,), worst=(0,)), scale, [])
    assert "FAME reaches 0.0 % and MoCo 40.0 %" in found.sentence
    assert "-40.0 points" in found.sentence


def test_the_picture_has_a_row_for_each_evaluation_and_a_dot_for_each_seed(given):
    cells, scale = given
    found = first_screen(cells, scale, [])
    picture = ElementTree.fromstring(found.picture)
    rows = {(*pair.fame.what[:2], pair.fame.run.id) for pair in pairs(cells, scale)}
    drawn = min(len(rows), 8)
    assert len(picture.findall("circle")) == 3 * drawn
    assert bool(found.more) == (len(rows) > 8)
    means = [line for line in picture.findall("line") if line.attrib["class"] == "mean"]
    assert len(means) == drawn


def test_without_both_there_is_a_sentence_and_no_picture(given):
    cells, scale = given
    moco = {at: one for at, one in cells.items() if one.run.merge is None}
    found = first_screen(moco, scale, [])
    assert found.sentence == "At scale mini, no table measures FAME beside MoCo."
    assert found.picture is None


def test_the_date_is_that_of_the_encoders():
    cards = [{"finished": f"2026-11-{day}T01:02:03+00:00"} for day in (28, 26, 27)]
    assert date_of(cards) == "2026-11-26 to 2026-11-28"
    assert date_of([*cards[:1], {}]) == "2026-11-28"
    assert date_of([{}]) == ""
