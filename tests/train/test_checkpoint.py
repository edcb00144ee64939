"""Checkpoints: round trip, two kept, damaged ones skipped, other recipes refused."""

import hashlib

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.core.errors import FameError
from fame.core.files import sha256
from fame.train.checkpoint import KEPT, Checkpoint, differences, load, newest, save

RECIPE = {"lr": 0.1, "views": {"flip": 0.5}}


def at(step, recipe=None):
    return Checkpoint(recipe or RECIPE, step, 1.5, {"w": torch.full((2,), step)}, {"state": {}})


def test_round_trip_keeps_the_newest_two(tmp_path):
    for step in (1, 9, 10):
        save(tmp_path, at(step))
    names = {f"step-{step}.{suffix}" for step in (9, 10) for suffix in ("pt", "sha256")}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert KEPT == 2
    loaded, remarks = load(tmp_path, RECIPE)
    assert loaded is not None and loaded.step == 10 and remarks == []
    assert loaded.module["w"].tolist() == [10, 10]


def test_no_checkpoint_is_a_fresh_start(tmp_path):
    assert load(tmp_path / "none", RECIPE) == (None, [])


@pytest.mark.parametrize("damage", ["truncate", "empty", "garbage", "no sum", "half a sum"])
def test_a_damaged_newest_falls_back_to_the_one_before(tmp_path, damage):
    save(tmp_path, at(1))
    save(tmp_path, at(2))
    path, total = tmp_path / "step-2.pt", tmp_path / "step-2.sha256"
    content = path.read_bytes()
    {
        "truncate": lambda: path.write_bytes(content[:-40]),
        "empty": lambda: path.write_bytes(b""),
        "garbage": lambda: path.write_bytes(b"x" * 500),
        "no sum": total.unlink,
        "half a sum": lambda: total.write_bytes(total.read_bytes()[:20]),
    }[damage]()
    loaded, remarks = load(tmp_path, RECIPE)
    assert loaded is not None and loaded.step == 1
    assert len(remarks) == 1 and "step-2.pt" in remarks[0]


@settings(max_examples=60)
@given(data=st.data())
def test_no_flipped_bit_is_read(tmp_path_factory, data):
    place = tmp_path_factory.mktemp("flipped")
    save(place, at(1))
    save(place, at(2))
    path = place / "step-2.pt"
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    loaded, (remark,) = load(place, RECIPE)
    assert loaded is not None and loaded.step == 1
    assert remark == f"{path} does not match its SHA-256 and was skipped"


def test_the_sum_is_what_sha256sum_checks(tmp_path):
    save(tmp_path, at(7))
    digest = hashlib.sha256((tmp_path / "step-7.pt").read_bytes()).hexdigest()
    assert (tmp_path / "step-7.sha256").read_text() == f"{digest}  step-7.pt\n"


def test_a_damaged_one_ahead_does_not_take_the_place_of_a_whole_one(tmp_path):
    for step in (1, 9):
        save(tmp_path, at(step))
    (tmp_path / "step-9.pt").write_bytes(b"")
    save(tmp_path, at(2))
    assert {path.name for path in tmp_path.glob("*.pt")} == {"step-1.pt", "step-2.pt"}
    assert newest(tmp_path) == tmp_path / "step-2.pt"


def test_only_damaged_checkpoints_are_an_error(tmp_path):
    (tmp_path / "step-1.pt").write_bytes(b"")
    with pytest.raises(FameError, match=r"step-1\.pt has no SHA-256.*delete that folder"):
        load(tmp_path, RECIPE)


def test_another_recipe_is_refused_saying_in_what(tmp_path):
    save(tmp_path, at(1))
    with pytest.raises(FameError, match=r"views\.flip: 0\.5, not 0\.2"):
        load(tmp_path, {"lr": 0.1, "views": {"flip": 0.2}})


def test_another_version_is_refused(tmp_path, monkeypatch):
    save(tmp_path, at(1))
    monkeypatch.setattr("fame.train.checkpoint.VERSION", 2)
    with pytest.raises(FameError, match=r"step-1\.pt is of another version; delete"):
        load(tmp_path, RECIPE)


def test_differences_name_missing_and_added_keys():
    assert list(differences({"a": 1}, {"b": 2})) == ["a: None, not 1", "b: 2, not None"]


class Payload:
    def __reduce__(self):
        return (pytest.fail, ("a checkpoint ran code",))


def test_a_hostile_checkpoint_runs_nothing(tmp_path):
    path = tmp_path / "step-1.pt"
    torch.save({"version": Payload()}, path)
    (tmp_path / "step-1.sha256").write_text(sha256(path))
    with pytest.raises(FameError, match=r"step-1\.pt holds more than tensors and plain data"):
        load(tmp_path, RECIPE)


def test_a_failed_write_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    save(tmp_path, at(1))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(FameError, match="No space left"):
        save(tmp_path, at(2))
    loaded, _ = load(tmp_path, RECIPE)
    assert loaded is not None and loaded.step == 1
