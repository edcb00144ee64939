"""Checkpoints: round trip, two kept, damaged ones passed over, other recipes refused."""

import pytest
import torch

from fame.errors import FameError
from fame.train.checkpoint import KEPT, Checkpoint, differences, load, save

RECIPE = {"lr": 0.1, "views": {"flip": 0.5}}


def at(step, recipe=None):
    return Checkpoint(recipe or RECIPE, step, 1.5, {"w": torch.full((2,), step)}, {"state": {}})


def test_round_trip_keeps_the_newest_two(tmp_path):
    for step in (1, 9, 10):
        save(tmp_path, at(step))
    assert {path.name for path in tmp_path.iterdir()} == {"step-9.pt", "step-10.pt"}
    assert KEPT == 2
    found, remarks = load(tmp_path, RECIPE)
    assert found is not None and found.step == 10 and remarks == []
    assert found.module["w"].tolist() == [10, 10]


def test_no_checkpoint_is_a_fresh_start(tmp_path):
    assert load(tmp_path / "none", RECIPE) == (None, [])


@pytest.mark.parametrize("damage", ["truncate", "empty", "garbage"])
def test_a_damaged_newest_falls_back_to_the_one_before(tmp_path, damage):
    save(tmp_path, at(1))
    save(tmp_path, at(2))
    path = tmp_path / "step-2.pt"
    content = path.read_bytes()
    path.write_bytes({"truncate": content[:-40], "empty": b"", "garbage": b"x" * 500}[damage])
    found, remarks = load(tmp_path, RECIPE)
    assert found is not None and found.step == 1
    assert len(remarks) == 1 and "step-2.pt" in remarks[0]


def test_only_damaged_checkpoints_are_an_error(tmp_path):
    (tmp_path / "step-1.pt").write_bytes(b"")
    with pytest.raises(FameError, match="delete it to start again"):
        load(tmp_path, RECIPE)


def test_another_recipe_is_refused_saying_in_what(tmp_path):
    save(tmp_path, at(1))
    with pytest.raises(FameError, match=r"views\.flip: 0\.5, not 0\.2"):
        load(tmp_path, {"lr": 0.1, "views": {"flip": 0.2}})


def test_differences_name_missing_and_added_keys():
    assert list(differences({"a": 1}, {"b": 2})) == ["a: None, not 1", "b: 2, not None"]


class Payload:
    def __reduce__(self):
        return (pytest.fail, ("a checkpoint ran code",))


def test_a_hostile_checkpoint_runs_nothing(tmp_path):
    torch.save({"version": Payload()}, tmp_path / "step-1.pt")
    with pytest.raises(FameError):
        load(tmp_path, RECIPE)


def test_a_failed_write_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    save(tmp_path, at(1))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(FameError, match="No space left"):
        save(tmp_path, at(2))
    found, _ = load(tmp_path, RECIPE)
    assert found is not None and found.step == 1
