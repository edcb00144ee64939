"""Claims on the page: grouped by table, the verdict beside the claim, the rule's remarks."""

import pytest
from made_results import experiments, write_results
from micro_world import ROOT

from fame.config.claims import load_claims
from fame.report.claims.html import claim_grids, claim_remarks
from fame.report.claims.judge import judge, tabulate
from fame.report.page.grid import read_csv


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    given, results = experiments("mini", ROOT), tmp_path_factory.mktemp("mini") / "evaluate"
    write_results(given, results)
    claims = load_claims(ROOT / "config" / "claims.yaml", given.tables)
    return given, tabulate(judge(given, claims, results), given)


def cells(grids):
    return [[cell.text for cell in row] for grid in grids for row in grid.rows]


def test_every_claim_is_there_with_its_verdict(judged):
    given, frame = judged
    found = cells(claim_grids(frame, given))
    assert [row[:2] for row in found] == frame[["claim", "verdict"]].to_numpy().tolist()
    titles = [grid.caption for grid in claim_grids(frame, given)]
    assert titles == [f"Claims about {given.table(n).title}" for n in frame["table"].unique()]


def test_a_verdict_has_a_look_of_its_own(judged):
    given, frame = judged
    looks = {row[1].look for grid in claim_grids(frame, given) for row in grid.rows}
    assert "verdict not-resolved" in looks


def test_the_remarks_say_what_it_is_about_and_count(judged):
    about, resolution, counts, orderings = claim_remarks(judged[1])
    assert about.startswith("The mini scale only, not the published experiments")
    assert resolution.startswith("3 seeds show ")
    assert counts.startswith("Primary claims at mini: ")
    assert orderings.startswith("Of the paper's ")


def test_the_csv_gives_the_same_as_the_frame(judged, tmp_path):
    given, frame = judged
    frame.to_csv(tmp_path / "claims.csv", index=False)
    again = read_csv(tmp_path / "claims.csv")
    assert cells(claim_grids(again, given)) == cells(claim_grids(frame, given))
    assert claim_remarks(again) == claim_remarks(frame)
