"""A table as HTML: the numbers of its CSV, the best in bold, how each row was measured."""

from html.parser import HTMLParser

import pytest
from made_results import experiments, write_results
from micro_world import ROOT

from fame.pipeline.experiments import LEFT_OUT
from fame.report.page.grid import read_csv
from fame.report.tables.build import build
from fame.report.tables.html import html, shown


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A function that gives a table of the mini scale as it was built."""
    made, results = experiments("mini", ROOT), tmp_path_factory.mktemp("mini") / "evaluate"
    write_results(made, results)
    return lambda name: (build(made, name, results), made.table(name), made.scale)


class Cells(HTMLParser):
    """The texts of the cells of a page, by their ids."""

    def __init__(self, page):
        super().__init__()
        self.found, self._at = {}, None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self._at = dict(attributes).get("data-cell") if tag == "td" else self._at

    def handle_data(self, data):
        if self._at:
            self.found[self._at] = self.found.get(self._at, "") + data

    def handle_endtag(self, tag):
        self._at = None if tag == "td" else self._at


def halves(table):
    return {half.id: half for line in table.lines for cell in line.cells for half in cell}


def test_published_and_measured_stand_side_by_side(given):
    frame, table, scale = given("table5")
    found = halves(shown(frame, table, scale))
    core = [bool(one.task and one.published and one.set == "core") for one in table.rows]
    row = core.index(True)
    assert found[f"table5:{row}:ucf101:published"].text == "72.2"
    assert found[f"table5:{row}:ucf101:measured"].text == "52.0 ± 2.0 (n=3)"
    assert len(found) == 2 * len(table.columns) * len(table.rows)


def test_what_is_not_there_is_a_dash(given):
    frame, table, scale = given("table5")
    found = halves(shown(frame, table, scale))
    assert table.rows[0].set == "comparison"  # left out of the quick table
    assert found["table5:0:ucf101:measured"].text == "–"
    frame["ucf101_std"] = float("nan")
    one = {half.text for half in halves(shown(frame, table, scale)).values()}
    assert "52.0 (n=3)" in one  # a single seed has no spread


def test_the_best_of_a_block_is_bold_published_and_measured_apart(given):
    frame, table, scale = given("table5")
    blocks = [table.block(row) for row in table.rows]
    lines = shown(frame, table, scale).lines
    for block in set(blocks):
        columns = [
            [
                half
                for line, at in zip(lines, blocks, strict=True)
                if at == block
                for half in [line.cells[0][kind]]
            ]
            for kind in (0, 1)
        ]
        for halves_of in columns:
            numbers = [float(half.text.split()[0]) for half in halves_of if half.text != "–"]
            best = {float(half.text.split()[0]) for half in halves_of if half.best}
            assert best == ({max(numbers)} if len(numbers) > 1 else set())
    assert [i for i, line in enumerate(lines) if line.begins] == [
        i for i in range(1, len(blocks)) if blocks[i] != blocks[i - 1]
    ]


def test_notes_say_how_rows_were_measured_and_quoted_ones_have_none(given):
    frame, table, scale = given("table5")
    found = shown(frame, table, scale)
    assert len(set(found.notes)) == len(found.notes)
    for row, line in zip(table.rows, found.lines, strict=True):
        if row.task is None:
            assert line.note == 0
        else:
            note = found.notes[line.note - 1]
            measured = note.startswith(("R(2+1)D", "I3D"))
            assert measured if row.set == "core" else note == LEFT_OUT
    assert any("negatives: " in note for note in found.notes)


def test_the_csv_gives_the_same_as_the_frame(given, tmp_path):
    frame, table, scale = given("table6")
    frame.to_csv(tmp_path / "t.csv", index=False)
    again = read_csv(tmp_path / "t.csv", texts=table.show)
    assert shown(again, table, scale) == shown(frame, table, scale)


def test_the_page_of_a_table_needs_nothing_else_and_escapes(given):
    frame, table, scale = given("table3")
    frame["background"] = "<script>alert(1)</script>"
    page = html(frame, table, scale)
    assert "<script" not in page
    assert "http" not in page
    assert scale.note in page
    expected = halves(shown(frame, table, scale))
    assert Cells(page).found == {name: half.text for name, half in expected.items()}
