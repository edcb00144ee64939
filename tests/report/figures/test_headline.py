"""The primary claims drawn: a dot a seed, a mean, and the verdict in words."""

import pandas as pd
import pytest
from made_results import experiments, write_results
from micro_world import ROOT

from fame.config.claims import PRIMARY
from fame.pipeline.claims import primary_claims
from fame.pipeline.figures import sources
from fame.report.claims.judge import judge
from fame.report.figures.headline import draw, lines, make
from fame.report.style import PALETTE, style


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    for scale in ("mini", "paper"):
        write_results(experiments(scale, ROOT), folder / scale / "evaluate")
    return folder


def drawn(scale, results):
    given = experiments(scale, ROOT)
    findings = judge(given, primary_claims(given), results / scale / "evaluate")
    rows = lines(findings, given.tables)
    with style():
        return rows, draw(rows, "Title", "Note")


def texts(figure):
    return [text.get_text() for axis in figure.axes for text in axis.texts]


def test_every_primary_claim_is_a_row_with_a_dot_a_seed(results):
    rows, figure = drawn("mini", results)
    assert len(rows) == 31
    labels = [text.get_text() for axis in figure.axes for text in axis.get_yticklabels()]
    assert labels == [row.label for row in rows]
    pairs = [axis.get_title(loc="left") for axis in figure.axes]
    assert pairs == list(dict.fromkeys(row.pair for row in rows))
    assert pairs[0] == "FAME above MoCo" and pairs[-1] == "FAME below MoCo"
    first = figure.axes[0].lines[1:3]  # after the line at 0
    assert [list(line.get_xdata()) for line in first] == [[10, 10, 10], [10]]
    assert texts(figure)[0] == "+10.0, not resolved"
    figure.clear()


def test_equal_cells_are_called_a_tie(results):
    rows, figure = drawn("mini", results)
    tied = [
        word
        for row, word in zip(rows, texts(figure), strict=True)
        if row.pair == "MoCo above Random initialisation"
    ]
    assert set(tied) == {"a tie, not resolved"}
    figure.clear()


def test_one_seed_has_no_verdict_and_no_colour(results):
    _, figure = drawn("paper", results)
    assert {word.split(", ")[1] for word in texts(figure)} == {"one seed"}
    colours = {line.get_color() for axis in figure.axes for line in axis.lines}
    assert colours == {PALETTE["ink"], PALETTE["random"]}
    figure.clear()


def test_the_files_are_made_from_the_declared_sources(results, tmp_path):
    given = experiments("mini", ROOT)
    files = {
        title: [results / "mini" / path for path in paths]
        for title, paths in sources(given, "headline").items()
    }
    make(given, files, tmp_path / "headline.png")
    frame = pd.read_csv(tmp_path / "headline.csv")
    assert set(frame["family"]) == {PRIMARY} and len(frame) == 31
    assert (tmp_path / "headline.png").is_file() and (tmp_path / "headline.pdf").is_file()


def test_a_scale_without_their_cells_does_not_draw_them():
    assert sources(experiments("ucf", ROOT), "headline") == {}
