"""A run or a file of weights, by what the user gives."""

import pytest
from micro_world import MICRO, TABLES

from fame.core.errors import FameError
from fame.pipeline.experiments import Experiments
from fame.pipeline.named_encoder import named_encoder


@pytest.fixture(scope="module")
def experiments():
    return Experiments(str(MICRO), TABLES)


def a_run(experiments):
    return next(iter(experiments.runs.values()))


def test_a_run_is_meant_by_its_id_or_its_place_whether_pretrained_or_not(experiments, tmp_path):
    run = a_run(experiments)
    folder = tmp_path / "micro" / "pretrain" / run.id
    for given in (run.id, folder, folder / "encoder.safetensors"):
        assert named_encoder(experiments, str(given), tmp_path) == run
    folder.mkdir(parents=True)
    assert named_encoder(experiments, str(folder), tmp_path) == run


def test_a_path_comes_before_an_id_of_the_same_name(experiments, tmp_path, monkeypatch):
    run = a_run(experiments)
    file = tmp_path / run.id / "encoder.safetensors"
    file.parent.mkdir()
    file.write_bytes(b"weights")
    monkeypatch.chdir(tmp_path)
    assert named_encoder(experiments, run.id).resolve() == file
    assert named_encoder(experiments, str(file)) == file


def test_a_folder_without_an_encoder_is_not_said_to_hold_one(experiments, tmp_path):
    (tmp_path / "mini").mkdir()
    with pytest.raises(FameError, match=r"mini is a folder without encoder\.safetensors; give"):
        named_encoder(experiments, str(tmp_path / "mini"))


def test_what_is_neither_is_named_with_the_nearest_run(experiments):
    run = a_run(experiments)
    with pytest.raises(FameError, match=f"^{run.id}x: neither .* did you mean {run.id}"):
        named_encoder(experiments, f"{run.id}x")
