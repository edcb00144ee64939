"""The paper's orderings are counted by the sign of what was measured."""

import pandas as pd

from fame.report.claims.orderings import orderings

ROWS = [
    ("table1", "A beats B", "paper, Table 1", "greater", 2.0, "+1.0 +3.0"),
    ("table1", "C beats B", "paper, Table 1", "greater", 1.0, "-1.0 +3.0"),
    ("table3", "D beats E", "paper, Table 3", "greater", -4.0, "-5.0 -3.0"),
    ("table3", "F is below E", "paper, Table 3", "less", -4.0, "-5.0 -3.0"),
    ("table3", "G and E are equal", "paper, Table 3", "greater", 0.0, "+0.0 +0.0"),
    ("table1", "A and B are similar", "paper, Table 1", "similar", 2.0, "+1.0 +3.0"),
    ("probes", "of ours", "ours", "greater", 2.0, "+1.0 +3.0"),
    ("table2", "not measured", "paper, Table 2", "greater", None, None),
]
COLUMNS = ("table", "claim", "source", "kind", "difference", "by_seed")


def test_directions_are_counted_by_table_and_those_against_are_named():
    assert orderings(pd.DataFrame(ROWS, columns=COLUMNS)) == (
        "Of the paper's 5 orderings, 3 have the published direction in the mean over seeds, 2 of "
        "them in every seed (Table 1 2 of 2, Table 3 1 of 3). A direction is no verdict. "
        "Not so: D beats E; G and E are equal."
    )


def test_nothing_is_said_of_nothing():
    assert orderings(pd.DataFrame(ROWS[6:], columns=COLUMNS)) == ""


def test_all_may_agree():
    assert orderings(pd.DataFrame(ROWS[:1], columns=COLUMNS)).endswith("Not so: none.")
