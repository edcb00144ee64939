"""The comparison as text and CSV: numbers, what differs, and no verdict."""

import pandas as pd

from fame.core.files import read_json, write_json
from fame.report.claims.verdicts import VERDICTS
from fame.report.compare.cells import matches
from fame.report.compare.sides import side
from fame.report.compare.text import frame, text


def sides(*folders):
    return [side(str(folder), folder) for folder in folders]


def test_equal_results_differ_in_nothing(mini_results):
    given, folder = mini_results
    a, b = sides(folder, folder)
    found = matches(a, b)
    cells = sum(1 for _ in given.cells(given.tables))
    said = text(a, b, found)
    assert f"{cells} cells on both sides, {cells} of them of the same runs; 0 in A only" in said
    assert "Recipes that differ (A -> B): none" in said
    assert "Evaluation: the same" in said
    assert said.endswith("Versions: the same\n")
    assert "different scales" not in said


def test_what_differs_is_said_without_a_verdict(mini_results, own_results):
    folder, own = mini_results[1], own_results[1]
    table = own / "tables" / "table5.csv"
    frame_of = pd.read_csv(table)
    row = frame_of["ucf101_measured"].first_valid_index()
    frame_of.loc[row, "ucf101_measured"] += 2.5
    frame_of["scale"] = "paper"
    frame_of.to_csv(table, index=False)
    card = next((own / "pretrain").glob("*/card.json"))
    write_json(card, read_json(card) | {"code": "0.9.9"})
    a, b = sides(folder, own)
    said = text(a, b, matches(a, b))
    assert "+2.5  same" in said
    assert "The sides are of different scales" in said
    assert "code: 0.1.0 -> 0.1.0, 0.9.9" in said
    assert not [word for word in (*VERDICTS[:3], "better", "worse") if word in said]


def test_the_csv_has_a_row_for_each_cell(mini_results):
    folder = mini_results[1]
    a, b = sides(folder, folder)
    found = matches(a, b)
    made = frame(found)
    assert len(made) == len(found)
    assert (made["difference"] == 0).all() and made["same_runs"].all()
    assert list(made["a_runs"]) == list(made["b_runs"])
    assert {"a_mean", "a_std", "a_n", "b_mean", "b_std", "b_n"} < set(made)


def test_one_side_alone_is_empty_cells_in_the_csv(mini_results, own_results):
    folder, own = mini_results[1], own_results[1]
    (own / "tables" / "table5.csv").unlink()
    a, b = sides(folder, own)
    made = frame(matches(a, b))
    alone = made[made["table"] == "table5"]
    assert len(alone) and alone["b_mean"].isna().all() and alone["difference"].isna().all()
    assert "Versions: the same" in text(a, b, matches(a, b))
