"""Cards, the list of runs, and cost on the page."""

import pytest

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.core.units import duration
from fame.report.page.page import present
from fame.report.page.runs import ALL, cards, cost, runs, spent_by_table, used_in
from fame.report.page.variants import variants


def texts(grid):
    return [[cell.text for cell in row] for row in grid.rows]


@pytest.fixture(scope="module")
def listed(mini_results):
    given, folder = mini_results
    found = variants(given.runs.values(), given.scale)
    return runs(found, cards(given, folder), used_in(given, present(folder)))


def test_every_run_has_its_whole_card(mini_results):
    given, folder = mini_results
    found = cards(given, folder)
    assert [card.run for card in found] == list(given.runs)
    assert found[0].facts == read_json(folder / "pretrain" / found[0].run / "card.json")


def test_every_run_is_listed_once_and_no_two_rows_are_alike(mini_results, listed):
    links = [link for row in listed.rows for _, link in row[4].links]
    assert sorted(links) == sorted(f"#card-{run}" for run in mini_results[0].runs)
    rows = [tuple(row[:4]) for row in texts(listed)]
    assert len(set(rows)) == len(rows)
    assert {row[6].text for row in listed.rows} == {"60 s"}
    assert {row[0].text for row in listed.rows} >= {"moco", "moco + fame", "random"}


def test_rows_say_what_varies_and_where_they_are_used(mini_results, listed):
    names = {row[1].text: dict(row[5].links) for row in listed.rows if row[0].text != "random"}
    assert any("beta 0.3" in name for name in names)
    assert all(places for places in names.values())
    fame = mini_results[0].tables["table5"]
    assert fame.title.startswith("Table 5:")
    assert any({"Table 5", "Table 6", "Figure 1"} <= set(places) for places in names.values())
    assert {link for places in names.values() for link in places.values()} >= {"#table5", "#bias"}


def test_what_a_card_does_not_say_is_a_dash(mini_results):
    given, folder = mini_results
    found, known = cards(given, folder), variants(given.runs.values(), given.scale)
    for card in found:
        for key in ("seconds", "peak_memory_mib", "environment", "code"):
            del card.facts[key]
    assert {tuple(row[6:]) for row in texts(runs(known, found, {}))} == {("–",) * 4}


def test_a_card_of_another_encoder_is_refused(own_results):
    given, folder = own_results
    run = next(iter(given.runs))
    (folder / "pretrain" / run / "encoder.safetensors").write_bytes(b"other weights")
    with pytest.raises(FameError, match=rf"{run}/card.json does not describe encoder"):
        cards(given, folder)


def test_cost_adds_up_and_shared_jobs_count_once(mini_results):
    given, folder = mini_results
    rows = {row[0]: row[1:] for row in texts(cost(spent_by_table(given, folder)))}
    assert list(rows) == [*sorted(given.tables), ALL]
    names = sorted(given.tables)
    needed = {run.id for cell in given.cells(names) for run in cell.runs}
    jobs, pretraining, *_ = rows[ALL]
    assert int(jobs) == len(needed)  # the only jobs that left benchmark files
    seconds = sum(60 + number for number, run in enumerate(given.runs) if run in needed)
    assert pretraining == duration(seconds)
    assert rows[ALL][-1] == "1001"


def test_each_benchmark_file_is_read_once(mini_results, monkeypatch):
    given, folder = mini_results
    read = []
    monkeypatch.setattr("fame.pipeline.cost.timed", lambda path: read.append(path) or (60.0, 100.0))
    spent_by_table(given, folder)
    assert read and len(set(read)) == len(read)
