"""Pace profiles: written, read, and refused with one sentence."""

import json

import pytest
from micro_world import MICRO

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.operate.plan.pace import Entry, Machine, Pace, read_pace

ENTRY = Entry(settings="00", backbone="r2plus1d", read=0.1, compute=0.2, clips=2)


def pace(**machine):
    where = {"kind": "cpu", "device": "some processor", "threads": 1, "torch": "2"} | machine
    return Pace(
        version=1,
        measured="2026-01-01T00:00:00+00:00",
        machine=Machine(**where),
        start=2.5,
        host_mib=600,
        entries={"encode r2plus1d ucf101": ENTRY},
    )


def test_what_is_written_is_read(tmp_path):
    pace().write(tmp_path / "pace.json")
    assert read_pace(tmp_path / "pace.json", load_scale(str(MICRO))) == pace()


@pytest.mark.parametrize(
    ("machine", "scale", "reason"),
    [
        ({"kind": "cuda", "device": "Some GPU"}, str(MICRO), r"a GPU \(Some GPU\).*a processor"),
        ({}, "paper", r"measured on a processor \(some processor\), but scale paper.*a GPU"),
        ({"threads": 2}, str(MICRO), "2 threads, but scale micro gives a job 1"),
    ],
)
def test_another_kind_of_machine_is_refused(tmp_path, machine, scale, reason):
    pace(**machine).write(tmp_path / "pace.json")
    with pytest.raises(FameError, match=f"pace.json: .*{reason}.*--measure"):
        read_pace(tmp_path / "pace.json", load_scale(scale))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 2}, "version: Input should be 1"),
        ({"start": -1}, "start: "),
        ({"sped": 1}, "unknown key sped"),
        ({"entries": {"x": {"settings": "00"}}}, r"entries\.x\.read is missing"),
    ],
)
def test_what_is_no_profile_is_refused(tmp_path, change, reason):
    path = tmp_path / "pace.json"
    path.write_text(json.dumps(pace().model_dump(mode="json") | change))
    with pytest.raises(FameError, match=reason):
        read_pace(path, load_scale(str(MICRO)))


@pytest.mark.parametrize("content", [None, "{", "[1]"])
def test_an_unreadable_file_is_one_sentence(tmp_path, content):
    path = tmp_path / "pace.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(FameError, match=r"pace\.json"):
        read_pace(path, load_scale(str(MICRO)))
