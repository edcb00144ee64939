"""Encoders of any origin through the tasks, in a folder laid out as the workflow's."""

import dataclasses
import json
import os
import shutil
import zlib

import pytest
import torch
import yaml
from micro_world import MICRO, TABLES

from fame.core.distributed import World
from fame.core.errors import FameError
from fame.data.manifest import Manifest
from fame.evaluate.bias import encode
from fame.evaluate.features import extract
from fame.evaluate.features.store import Features
from fame.evaluate.protocol import evaluate, named, place
from fame.evaluate.tasks import finetune, linear, retrieval
from fame.models import build_encoder
from fame.models.files import save_encoder
from fame.pipeline import versions
from fame.pipeline.experiments import Experiments
from fame.pipeline.tasks import TASKS

JOBS = {"features": extract, "linear": linear, "retrieval": retrieval}

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
    save_encoder(file, build_encoder(settings, seed=zlib.crc32(request.node.name.encode())))
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
    assert (card["run"], card["scale"]) == (evaluation.run.id, "micro")
    assert card["recipe"] == evaluation.run.recipe
    beside = {file.name for file in evaluation.out.iterdir()}
    assert {"linear.parquet", "linear.confusion.csv", "linear.classes.csv"} <= beside
    assert {"retrieval.parquet", "bias.parquet"} <= beside


def test_nothing_is_done_twice(experiments, weights, results, monkeypatch):
    evaluation = asked(experiments, weights, results)
    evaluate(evaluation, ["linear"], WORLD)

    def refuse(*_):
        raise AssertionError("done again")

    monkeypatch.setattr(extract, "run", refuse)
    evaluate(evaluation, ["retrieval"], WORLD)
    monkeypatch.setattr(linear, "run", refuse)
    evaluate(evaluation, ["linear"], WORLD)
    settings = evaluation.scale.backbones["r2plus1d"].encoder
    save_encoder(evaluation.encoder, build_encoder(settings, seed=4))
    with pytest.raises(AssertionError, match="again"):
        evaluate(evaluation, ["linear"], WORLD)


@pytest.mark.parametrize(
    ("section", "changes", "redone"),
    [
        ("linear", {"epochs": 3}, "linear"),
        ("retrieval", {"centre": False}, "retrieval"),
        (None, {"clips": 3}, "features"),
    ],
)
def test_a_changed_setting_redoes_what_depends_on_it(
    experiments, weights, results, monkeypatch, section, changes, redone
):
    evaluation = asked(experiments, weights, results)
    evaluate(evaluation, ["linear", "retrieval"], WORLD)
    old = evaluation.scale.evaluate
    part = {section: getattr(old, section).model_copy(update=changes)} if section else changes
    scale = evaluation.scale.model_copy(update={"evaluate": old.model_copy(update=part)})
    called = []
    for name in ("features", "linear", "retrieval"):
        monkeypatch.setattr(JOBS[name], "run", lambda *_, name=name: called.append(name))
    evaluate(dataclasses.replace(evaluation, scale=scale), ["linear", "retrieval"], WORLD)
    assert set(called) == {redone}


@pytest.mark.parametrize(
    ("raised", "expected"),
    [("linear", {"linear"}), ("retrieval", {"retrieval"}), ("finetune", set())],
)
def test_a_raised_version_redoes_its_task_only(
    experiments, weights, results, monkeypatch, raised, expected
):
    evaluation = asked(experiments, weights, results)
    evaluate(evaluation, ["linear", "retrieval"], WORLD)
    monkeypatch.setitem(TASKS, raised, dataclasses.replace(TASKS[raised], version=2))
    called = []
    for name in ("features", "linear", "retrieval"):
        monkeypatch.setattr(JOBS[name], "run", lambda *_, name=name: called.append(name))
    evaluate(evaluation, ["linear", "retrieval"], WORLD)
    assert set(called) == expected


def test_a_raised_version_of_the_features_redoes_all_that_is_made_from_them(
    experiments, weights, results, monkeypatch
):
    evaluation = asked(experiments, weights, results)
    evaluate(evaluation, ["linear"], WORLD)
    monkeypatch.setattr(versions, "FEATURES_VERSION", 2)
    assert redone(evaluation, monkeypatch) == ["features", "linear"]


def redone(evaluation, monkeypatch):
    """What another evaluation does again."""
    called = []
    for name in ("features", "linear"):
        monkeypatch.setattr(JOBS[name], "run", lambda *_, name=name: called.append(name))
    evaluate(evaluation, ["linear"], WORLD)
    return called


def test_a_result_older_than_its_features_is_made_again(experiments, weights, results, monkeypatch):
    evaluation = asked(experiments, weights, results)
    evaluate(evaluation, ["linear"], WORLD)
    assert redone(evaluation, monkeypatch) == []
    made = (evaluation.out / "linear.json").stat().st_mtime_ns
    os.utime(evaluation.out / "features-pretraining.npz", ns=(made + 1, made + 1))
    assert redone(evaluation, monkeypatch) == ["linear"]


def spoil(file):
    """Let features be those of another encoder, and older than everything."""
    features = Features.load(file)
    dataclasses.replace(features, meta=features.meta | {"encoder": "another"}).save(file)
    os.utime(file, ns=(0, 0))


def test_features_of_another_encoder_are_extracted_again(
    experiments, weights, results, monkeypatch
):
    evaluation = asked(experiments, weights, results)
    evaluate(evaluation, ["linear"], WORLD)
    assert not (evaluation.out / "features-bias.npz").exists()
    spoil(evaluation.out / "features-pretraining.npz")
    assert redone(evaluation, monkeypatch) == ["features"]


def test_conditions_are_encoded_for_the_bias_probes_only(
    experiments, weights, results, monkeypatch
):
    evaluation = asked(experiments, weights, results)
    evaluate(evaluation, ["bias"], WORLD)
    called = []
    monkeypatch.setattr(encode, "run", lambda *_: called.append("conditions"))
    evaluate(evaluation, ["bias"], WORLD)
    assert called == []
    other = evaluation.scale.evaluate.bias.model_copy(update={"beta": 0.4})
    settings = evaluation.scale.evaluate.model_copy(update={"bias": other})
    changed = evaluation.scale.model_copy(update={"evaluate": settings})
    evaluate(dataclasses.replace(evaluation, scale=changed), ["bias", "linear"], WORLD)
    assert called == ["conditions"]
    spoil(evaluation.out / "features-bias.npz")
    evaluate(evaluation, ["linear"], WORLD)
    assert called == ["conditions"]
    evaluate(evaluation, ["bias"], WORLD)
    assert called == ["conditions"] * 2


def test_a_manifest_and_a_folder_of_ones_own(experiments, weights, results, tmp_path):
    standard = asked(experiments, weights, results)
    evaluate(standard, ["retrieval"], WORLD)
    run, scale, out = standard.run, experiments.scale, tmp_path / "mine" / "numbers"
    own = place(scale, run, "ucf101", tmp_path / "b", standard.manifest, out)
    found = evaluate(own, ["retrieval"], WORLD)
    assert (out / "retrieval.json").is_file()
    assert not (tmp_path / "b" / "micro" / "data").exists()
    assert not (tmp_path / "b" / "micro" / "evaluate").exists()
    assert found["retrieval"]["data"] == "ucf101-w0"
    with pytest.raises(FameError, match="'ucf101', not 'hmdb51'"):
        place(scale, run, "hmdb51", tmp_path / "b", standard.manifest, out)


def test_the_workflows_results_are_not_replaced_by_those_of_other_videos(
    experiments, weights, results, tmp_path
):
    standard = asked(experiments, weights, results)
    evaluate(standard, ["retrieval"], WORLD)
    half = tmp_path / "half.parquet"
    shutil.copy(standard.manifest, half)
    with pytest.raises(FameError, match="give a folder for the results with --out"):
        place(experiments.scale, standard.run, "ucf101", results, half)
    same = place(experiments.scale, standard.run, "ucf101", results, standard.manifest)
    assert same.out == standard.out


def test_another_encoders_results_are_neither_read_nor_replaced(
    experiments, weights, results, tmp_path
):
    first = asked(experiments, weights, results)
    evaluate(first, ["retrieval"], WORLD)
    before = (first.out / "retrieval.json").read_bytes()
    other = tmp_path / "other" / "encoder.safetensors"
    save_encoder(other, build_encoder(experiments.scale.backbones["r2plus1d"].encoder, seed=77))
    run = named(experiments, str(other), None, 0)
    second = place(experiments.scale, run, "ucf101", results, out=first.out)
    for task in ("retrieval", "finetune"):
        with pytest.raises(FameError, match=f"holds results of {first.run.id}; name another"):
            evaluate(second, [task], WORLD)
    assert (first.out / "retrieval.json").read_bytes() == before


def test_a_damaged_result_is_made_again(experiments, weights, results):
    evaluation = asked(experiments, weights, results)
    whole = evaluate(evaluation, ["retrieval"], WORLD)
    (evaluation.out / "retrieval.json").write_text("{")
    assert evaluate(evaluation, ["retrieval"], WORLD) == whole


def test_a_finetuning_is_of_its_videos(experiments, weights, results, tmp_path, monkeypatch):
    """A manifest may be older than the result and yet another one."""
    standard = asked(experiments, weights, results)
    place_of = tmp_path / "numbers"
    own = dataclasses.replace(standard, folder=place_of)
    evaluate(own, ["finetune"], WORLD)
    videos = Manifest.read(standard.manifest)
    half = tmp_path / "half.parquet"
    dataclasses.replace(videos, table=videos.table.iloc[1:]).write(half)
    os.utime(half, ns=(0, 0))
    monkeypatch.setattr(finetune, "run", None)
    with pytest.raises(TypeError, match="not callable"):
        evaluate(dataclasses.replace(own, videos=half), ["finetune"], WORLD)


def test_finetuning_is_resumable_and_kept(experiments, weights, results, monkeypatch):
    evaluation = asked(experiments, weights, results)
    first = evaluate(evaluation, ["finetune"], WORLD)["finetune"]
    assert not (evaluation.out / "features-pretraining.npz").exists()
    monkeypatch.setattr(finetune, "run", None)
    assert evaluate(evaluation, ["finetune"], WORLD)["finetune"] == first


def test_a_folder_and_its_file_are_the_same_encoder(experiments, weights):
    by_file, by_folder = (named(experiments, str(path)) for path in (weights, weights.parent))
    assert by_file.id == by_folder.id
    assert by_file.seed == experiments.scale.seeds[0]
    assert named(experiments, str(weights), seed=7).id.split("-")[:4] == [
        *("encoder", "mine", "r2plus1d", "s7")
    ]


def test_a_run_of_the_tables(experiments):
    run = next(iter(experiments.runs.values()))
    assert named(experiments, run.id) == run
    assert named(experiments, run.id, run.backbone, run.seed) == run
    with pytest.raises(FameError, match="leave out --seed"):
        named(experiments, run.id, seed=run.seed + 1)


def test_a_run_is_known_by_its_folder(experiments, weights, tmp_path):
    """There only: its copy elsewhere is another file, and its results go elsewhere."""
    run = next(iter(experiments.runs.values()))
    folder = tmp_path / "results" / "micro" / "pretrain" / run.id
    shutil.copytree(weights.parent, folder)
    shutil.copytree(weights.parent, tmp_path / run.id)
    results = tmp_path / "results"
    for path in (folder, folder / "encoder.safetensors"):
        assert named(experiments, str(path), results=results) == run
    copied = named(experiments, str(tmp_path / run.id), results=results)
    assert copied.source is not None and copied.id != run.id


def test_what_cannot_be_done_is_said(experiments, weights, results):
    evaluation = asked(experiments, weights, results)
    with pytest.raises(FameError, match="no task 'probe'"):
        evaluate(evaluation, ["probe"], WORLD)
    with pytest.raises(FameError, match="neither a file, a folder nor a run"):
        named(experiments, "nobody", None, 0)
    with pytest.raises(FameError, match="no dataset 'ucf'"):
        place(experiments.scale, evaluation.run, "ucf", results)
    with pytest.raises(FameError, match="backbone vit is not part"):
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
        named(experiments, str(weights))
    wide = one.model_copy(update={"encoder": one.encoder.model_copy(update={"width": 6})})
    several = experiments.scale.model_copy(update={"backbones": {"wide": wide, "b": one}})
    experiments.scale = several
    assert named(experiments, str(weights)).backbone == "b"
    neither = {"wide": wide, "wider": wide}
    experiments.scale = experiments.scale.model_copy(update={"backbones": neither})
    with pytest.raises(FameError, match=r"fits no backbone of scale micro .*width=6"):
        named(experiments, str(weights))


def test_other_networks_are_refused(experiments, weights, results):
    wide = experiments.scale.backbones["r2plus1d"].encoder.model_copy(update={"width": 6})
    save_encoder(weights, build_encoder(wide, seed=0))
    with pytest.raises(FameError, match=r"encoder\.safetensors.*settings"):
        evaluate(asked(experiments, weights, results), ["linear"], WORLD)


def test_a_dataset_without_labels_is_refused_in_one_sentence(tmp_path, weights, results):
    from own_videos import OWN

    settings = yaml.safe_load(MICRO.read_text())
    settings["backbones"] = {"r2plus1d": settings["backbones"]["r2plus1d"]}
    settings["datasets"]["own"] = OWN
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(settings))
    own = Experiments(str(tmp_path / "own.yaml"), TABLES)
    run = named(own, str(weights), None, 0)
    with pytest.raises(FameError, match=r"^dataset own has no labels, .*; evaluate on another one"):
        place(own.scale, run, "own", results)
