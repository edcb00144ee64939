"""Encoders of any origin through the tasks, in a folder laid out as the workflow's."""

import json

import pytest
import torch
import yaml
from micro_world import MICRO, TABLES

from fame.distributed import World
from fame.errors import FameError
from fame.evaluate.protocol import evaluate, named, place
from fame.experiments import Experiments
from fame.models import build_encoder
from fame.models.files import save_encoder

WORLD = World(rank=0, size=1, device=torch.device("cpu"))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The first evaluation generates and indexes the world there; the others find it."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture
def experiments(tmp_path):
    settings = yaml.safe_load(MICRO.read_text())
    settings["backbones"] = {"r2plus1d": settings["backbones"]["r2plus1d"]}
    (tmp_path / "micro.yaml").write_text(yaml.safe_dump(settings))
    return Experiments(str(tmp_path / "micro.yaml"), TABLES)


@pytest.fixture
def weights(experiments, tmp_path, request):
    """An encoder that nobody's table names, another one for each test."""
    file = tmp_path / "mine" / "encoder.safetensors"
    settings = experiments.scale.backbones["r2plus1d"].encoder
    save_encoder(file, build_encoder(settings, seed=len(request.node.name)))
    return file


def asked(experiments, encoder, results):
    run = named(experiments, str(encoder), None, 0)
    return place(experiments.scale, run, "ucf101", results)


def test_weights_made_elsewhere(experiments, weights, results):
    evaluation = asked(experiments, weights, results)
    found = evaluate(evaluation, ["linear", "retrieval", "bias"], WORLD)
    assert found["linear"]["metrics"].keys() == {"top1", "top5"}
    assert "r50" in found["retrieval"]["metrics"]
    assert "original" in found["bias"]["metrics"]
    assert evaluation.run.id.startswith("encoder-mine-r2plus1d-s0-")
    card = json.loads(evaluation.encoder.with_name("card.json").read_text())
    assert card["imported_from"] == "encoder.safetensors"
    beside = {file.name for file in evaluation.out.iterdir()}
    assert {"linear.parquet", "linear.confusion.csv", "linear.classes.csv"} <= beside
    assert {"retrieval.parquet", "bias.parquet"} <= beside


def test_nothing_is_done_twice(experiments, weights, results, monkeypatch):
    from fame.evaluate import tasks

    evaluation = asked(experiments, weights, results)
    evaluate(evaluation, ["linear"], WORLD)

    def refuse(*_):
        raise AssertionError("done again")

    monkeypatch.setattr(tasks, "extract", refuse)
    evaluate(evaluation, ["retrieval"], WORLD)
    monkeypatch.setattr(tasks, "linear", refuse)
    evaluate(evaluation, ["linear"], WORLD)
    evaluation.encoder.touch()
    with pytest.raises(AssertionError, match="again"):
        evaluate(evaluation, ["linear"], WORLD)


def test_a_folder_and_its_file_are_the_same_encoder(experiments, weights):
    by_file, by_folder = (
        named(experiments, str(path), None, 0) for path in (weights, weights.parent)
    )
    assert by_file.id == by_folder.id


def test_a_run_of_the_tables(experiments):
    run = next(iter(experiments.runs.values()))
    assert named(experiments, run.id, None, 0) == run


def test_what_cannot_be_done_is_said(experiments, weights, results):
    evaluation = asked(experiments, weights, results)
    with pytest.raises(FameError, match="no task 'probe'"):
        evaluate(evaluation, ["probe"], WORLD)
    with pytest.raises(FameError, match="neither a file nor a run"):
        named(experiments, "nobody", None, 0)
    with pytest.raises(FameError, match="no dataset 'ucf'"):
        place(experiments.scale, evaluation.run, "ucf", results)
    with pytest.raises(FameError, match="no backbone 'vit'"):
        named(experiments, str(weights), "vit", 0)
    run = next(iter(experiments.runs.values()))
    with pytest.raises(FameError, match="not pretrained yet"):
        evaluate(place(experiments.scale, run, "ucf101", results), ["linear"], WORLD)


def test_a_backbone_must_be_chosen_among_several(experiments, weights):
    one = experiments.scale.backbones["r2plus1d"]
    several = experiments.scale.model_copy(update={"backbones": {"a": one, "b": one}})
    experiments.scale = several
    experiments.runs = {}
    with pytest.raises(FameError, match="--backbone with one of a, b"):
        named(experiments, str(weights), None, 0)


def test_other_networks_are_refused(experiments, weights, results):
    wide = experiments.scale.backbones["r2plus1d"].encoder.model_copy(update={"width": 6})
    save_encoder(weights, build_encoder(wide, seed=0))
    with pytest.raises(FameError, match=r"encoder\.safetensors.*settings"):
        evaluate(asked(experiments, weights, results), ["linear"], WORLD)
