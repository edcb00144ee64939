"""Tables as texts: alike within a column, a dash for what is missing."""

import pandas as pd
import pytest

from fame.core.errors import FameError
from fame.report.page.grid import grid, read_csv, written

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([12.5, 0.0, NAN], ["12.5", "0.0", "–"]),
        ([0.12345, 1.0], ["0.123", "1.000"]),
        ([-0.5, -12.0], ["-0.5", "-12.0"]),
        ([3.0, NAN], ["3", "–"]),
        ([3, 40], ["3", "40"]),
        (["a", None, ""], ["a", "–", "–"]),
        ([True, False], ["true", "false"]),
        ([NAN, NAN], ["–", "–"]),
    ],
)
def test_values_of_a_column(values, texts):
    assert written(pd.Series(values)) == texts


def test_a_grid_has_the_chosen_columns_under_their_titles():
    frame = pd.DataFrame({"a": ["x"], "hidden": [1], "b": [2.5]})
    found = grid(frame, {"b": "B", "a": "A"}, "what it is")
    assert found.caption == "what it is"
    assert [(head.text, head.look) for head in found.heads] == [("B", "number"), ("A", "")]
    assert [[cell.text for cell in row] for row in found.rows] == [["2.500", "x"]]


def test_texts_stay_texts(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("a,b\n1.0,None\n,2\n")
    frame = read_csv(file, texts=["a", "absent"])
    assert frame["a"].iloc[0] == "1.0"
    assert frame["b"].iloc[0] == "None"
    assert pd.isna(frame["a"].iloc[1])


def test_what_is_missing_or_no_table_is_named(tmp_path):
    with pytest.raises(FameError, match=r"t\.csv: no such table; make it first"):
        read_csv(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_text("")
    with pytest.raises(FameError, match=r"t\.csv: not a table .*; delete it and make it again"):
        read_csv(tmp_path / "t.csv")
