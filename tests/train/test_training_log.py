"""The training_log: each step once after any interruption, and quiet where nobody watches."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.core import files
from fame.core.errors import FameError
from fame.core.files import read_json
from fame.train.training_log import TrainingLog, last_values


def training_log(place, done=0, active=True):
    return TrainingLog(place, "name", 10, done, clips_per_step=4, active=active)


def write(place, first, last):
    """Record steps as a training does that checkpointed at `first`."""
    book = training_log(place, first)
    for step in range(first + 1, last + 1):
        book.record(step, {"loss": step / 2})
        book.advance()
    book.close()


def lines(place):
    return [json.loads(line) for line in (place / "metrics.jsonl").read_text().splitlines()]


@settings(max_examples=10)
@given(ends=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=4))
def test_each_step_stands_once(tmp_path_factory, ends):
    place, reached = tmp_path_factory.mktemp("training_log"), 0
    for end, lost in ends:
        write(place, reached, max(end, reached))
        reached = max(0, max(end, reached) - lost)  # back to an older checkpoint
    write(place, reached, 10)
    assert lines(place) == [{"step": step, "loss": step / 2} for step in range(1, 11)]


def test_a_line_torn_by_a_kill_is_dropped(tmp_path):
    write(tmp_path, 0, 3)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4, "lo')
    write(tmp_path, 3, 4)
    assert [line["step"] for line in lines(tmp_path)] == [1, 2, 3, 4]


def test_a_failure_while_lines_are_dropped_loses_none(tmp_path, monkeypatch):
    write(tmp_path, 0, 3)
    before = (tmp_path / "metrics.jsonl").read_text()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(FameError, match="No space left"):
        training_log(tmp_path, done=1)
    assert (tmp_path / "metrics.jsonl").read_text() == before


def test_curves_are_written(tmp_path):
    write(tmp_path, 0, 2)
    (events,) = (tmp_path / "tensorboard").iterdir()
    assert b"loss" in events.read_bytes()


def test_no_progress_line_without_a_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("FAME_PROGRESS", raising=False)
    write(tmp_path, 0, 3)
    assert capsys.readouterr() == ("", "")


def test_a_progress_line_on_demand(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FAME_PROGRESS", "1")
    write(tmp_path, 4, 7)
    shown = capsys.readouterr().err
    assert "name" in shown and "/10" in shown and "clips/s" in shown and "loss=3.5" in shown


def test_remarks_go_to_standard_error(tmp_path, capsys):
    book = training_log(tmp_path)
    book.say("resuming from step 3")
    book.close()
    assert capsys.readouterr() == ("", "resuming from step 3\n")


def test_other_processes_are_silent(tmp_path, capsys):
    book = training_log(tmp_path / "none", active=False)
    book.record(1, {"loss": 1.0})
    book.advance()
    book.say("nothing")
    book.close()
    assert capsys.readouterr() == ("", "")
    assert not (tmp_path / "none").exists()


def test_last_values(tmp_path):
    assert last_values(tmp_path, ("loss",)) == {}
    write(tmp_path, 0, 3)
    book = training_log(tmp_path, 3)
    book.record(4, {"knn": 50.0})
    book.close()
    assert last_values(tmp_path, ("loss", "knn", "absent")) == {"loss": 1.5, "knn": 50.0}


def test_progress_is_told_once_in_a_while_and_at_the_end(tmp_path, monkeypatch):
    clock = iter([100.0, 100.5, 101.0, 106.0, 106.5])
    monkeypatch.setattr(
        "fame.train.training_log.time", SimpleNamespace(monotonic=lambda: next(clock))
    )
    log = TrainingLog(tmp_path, "run", total=40, done=20, clips_per_step=8, active=True)
    told = []
    for step in (21, 22, 30, 40):
        log.record(step, {"loss": 1.0})
        told.append(read_json(tmp_path / "progress.json"))
    log.close()
    assert [line["step"] for line in told] == [21, 21, 30, 40]
    assert told[2] == {"step": 30, "of": 40, "first": 20, "seconds": 6.0}
