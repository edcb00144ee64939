"""What the page adds to a table: links, differences, chance; other results are refused."""

import pytest

from fame.core.errors import FameError
from fame.report.page.added import added
from fame.report.page.grid import read_csv
from fame.report.page.seeds import Seeds, measured


@pytest.fixture(scope="module")
def given(mini_results):
    experiments, folder = mini_results
    table = experiments.table("table5")
    path = folder / "tables" / "table5.csv"
    return read_csv(path, texts=table.show), path, table, measured(experiments, folder)


def test_every_measured_cell_has_dots_a_link_and_a_difference_to_moco(given):
    frame, path, table, cells = given
    found = added(frame, path, table, cells)
    mine = {(at.row, at.column): one for at, one in cells.items() if at.table == "table5"}
    assert set(found.cells) == set(mine)
    for at, more in found.cells.items():
        assert more.strip.count("<circle") == 3
        assert more.link == f"#runs-of-{mine[at].run.id}"
    assert {more.gap for more in found.cells.values()} >= {"+10.0 ± 0.0", "+0.0 ± 0.0", ""}
    assert found.chances == {"ucf101": "", "hmdb51": ""}


def test_chance_is_a_range_where_it_depends_on_the_row(given):
    frame, path, table, cells = given
    column = [at for at in cells if (at.table, at.column) == ("table5", "ucf101")]
    chances = dict(zip(column, (12.5, 10.0, 12.5), strict=False))
    changed = {
        at: Seeds(one.place, one.cell, one.values, chances.get(at)) for at, one in cells.items()
    }
    assert added(frame, path, table, changed).chances["ucf101"] == "10.0 to 12.5"


def test_a_table_of_other_results_is_refused(given):
    frame, path, table, cells = given
    frame = frame.copy()
    row = int(frame["ucf101_measured"].first_valid_index())
    frame.loc[row, "ucf101_measured"] += 0.01
    sentence = rf"row {row + 1} has 52\.01 in ucf101, but its results give 52; make the table again"
    with pytest.raises(FameError, match=sentence):
        added(frame, path, table, cells)
