"""Cards and cost on the page."""

import pytest

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.core.units import duration
from fame.report.page.runs import ALL, cards, cost, runs


def texts(grid):
    return [[cell.text for cell in row] for row in grid.rows]


def test_every_run_is_listed_with_its_whole_card(mini_results):
    given, folder = mini_results
    found = cards(given, folder)
    assert [card.run for card in found] == list(given.runs)
    assert found[0].facts == read_json(folder / "pretrain" / found[0].run / "card.json")
    rows = texts(runs(given, found))
    assert [row[0] for row in rows] == list(given.runs)
    assert {row[4] for row in rows} == {"60 s"}
    assert {row[1] for row in rows} >= {"moco", "moco + fame", "random"}


def test_what_a_card_does_not_say_is_a_dash(mini_results):
    given, folder = mini_results
    card, *_ = cards(given, folder)
    for key in ("seconds", "peak_memory_mib", "environment", "code"):
        del card.facts[key]
    assert texts(runs(given, [card]))[0][4:] == ["–"] * 4


def test_a_card_of_another_encoder_is_refused(own_results):
    given, folder = own_results
    run = next(iter(given.runs))
    (folder / "pretrain" / run / "encoder.safetensors").write_bytes(b"other weights")
    with pytest.raises(FameError, match=rf"{run}/card.json does not describe encoder"):
        cards(given, folder)


def test_cost_adds_up_and_shared_jobs_count_once(mini_results):
    given, folder = mini_results
    rows = {row[0]: row[1:] for row in texts(cost(given, folder))}
    assert list(rows) == [*sorted(given.tables), ALL]
    names = sorted(given.tables)
    needed = {run.id for cell in given.cells(names) for run in cell.runs}
    jobs, pretraining, *_ = rows[ALL]
    assert int(jobs) == len(needed)  # the only jobs that left benchmark files
    seconds = sum(60 + number for number, run in enumerate(given.runs) if run in needed)
    assert pretraining == duration(seconds)
    assert rows[ALL][-1] == "1001"
