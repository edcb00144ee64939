"""A job's log says what was to be done and what was done; an error stays its last line."""

import re
import sys

import pytest

from fame import cli
from fame.cli.job_log import VARIABLE, job_log, options
from fame.core.errors import FameError


@pytest.fixture
def in_job(monkeypatch):
    monkeypatch.setenv(VARIABLE, "1")


def test_a_job_says_command_settings_time_memory_and_file(in_job, tmp_path, capsys):
    out = tmp_path / "linear.json"
    with job_log(["linear", "--scale", "mini", "--out", str(out)], lambda: "Train a linear probe."):
        out.write_bytes(b"x" * 2048)
    head, *lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: linear\. Train a linear probe\.", head
    )
    assert lines[:2] == ["  scale: mini", f"  out: {out}"]
    assert re.fullmatch(r"Done in \d+\.\d s, with at most \d+ MiB of memory\.", lines[2])
    assert lines[3:] == [f"  wrote {out} (2.0 KiB)"]


def test_a_product_of_another_name_does_not_fail_a_finished_job(in_job, tmp_path, capsys):
    with job_log(["figure", "--out", str(tmp_path / "absent.png")], str):
        pass
    assert capsys.readouterr().err.splitlines()[-1].startswith("Done in")


def test_an_error_is_the_last_thing_said(in_job, capsys):
    with pytest.raises(FameError), job_log(["index", "ucf101"], str):
        raise FameError("no lists")
    assert capsys.readouterr().err.splitlines()[1:] == ["  given: ucf101"]


@pytest.mark.parametrize(("status", "done"), [(0, True), (None, True), (2, False)])
def test_an_exit_is_passed_on(in_job, capsys, status, done):
    with pytest.raises(SystemExit) as ended, job_log(["index"], str):
        sys.exit(status)
    assert ended.value.code == status
    assert ("Done in" in capsys.readouterr().err) is done


def test_who_types_a_command_sees_no_more_than_before(monkeypatch, capsys):
    monkeypatch.delenv(VARIABLE, raising=False)
    with job_log(["index", "ucf101"], str):
        pass
    assert capsys.readouterr().err == ""


def test_options_may_be_joined_repeated_and_alone():
    words = ["a", "b", "--x=1", "--y", "2", "3", "--flag", "--x", "4"]
    assert options(words) == [
        ("given", ["a", "b"]),
        ("x", ["1"]),
        ("y", ["2", "3"]),
        ("flag", []),
        ("x", ["4"]),
    ]


def test_the_purpose_is_the_commands_own_sentence(in_job, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["fame", "schema", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    said = capsys.readouterr().err
    assert "UTC: schema. " in said and f"  wrote {tmp_path}" in said
