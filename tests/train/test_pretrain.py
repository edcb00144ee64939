"""A pretraining run, from videos to the exported encoder."""

import shutil

import pytest
import torch
from micro_world import choose

from fame.core.distributed import World
from fame.core.errors import FameError
from fame.core.files import read_json, sha256
from fame.data.clips.batch import collate
from fame.models.files import load_encoder
from fame.models.group_batchnorm import GroupBatchNorm
from fame.pretext import moco
from fame.train.precision import parameter_dtype
from fame.train.pretrain import build_method, clips_of, pretrain

SHORT = {
    "pretrain.epochs.kinetics400": 2,
    "pretrain.methods.moco.queue": {"kinetics400": 16, "ucf101": 0},
}


def world(rank=0, size=1):
    return World(rank, size, torch.device("cpu"))


def setting(micro, name="short", **changes):
    """A scale and its FAME run."""
    return choose(micro.scale(name, SHORT | changes), "moco-fame")


@pytest.fixture(scope="module")
def trained(micro, tmp_path_factory):
    """The directory of a finished run, with what its monitor was shown."""
    place, seen = tmp_path_factory.mktemp("run"), []
    scale, run = setting(micro, "monitored", **{"pretrain.monitor.every_epochs": 2})

    def monitor(encoder):
        seen.append(encoder)
        return 12.5

    pretrain(scale, run, micro.videos(), place, world(), monitor)
    return scale, run, place, seen


def test_what_a_run_leaves(trained):
    _, _, place, _ = trained
    left = {path.name for path in place.iterdir()}
    assert left == {"encoder.safetensors", "card.json", "metrics.jsonl", "tensorboard"}


def test_the_card_says_what_was_done(trained, micro):
    scale, run, place, _ = trained
    card = read_json(place / "card.json")
    assert card["run"] == run.id and card["recipe"] == run.recipe
    assert (card["scale"], card["seed"], card["data"]) == ("micro", 0, "kinetics400-w0")
    assert card["data_fingerprint"] == micro.videos().select("train").fingerprint()
    assert card["encoder_sha256"] == sha256(place / "encoder.safetensors")
    assert card["metrics"].keys() == {"loss", "contrast", "knn"}
    assert card["negatives"] == "queue of 16"
    assert card["batchnorm"] == "pytorch" and card["cuda_graphs"] is False
    assert card["seconds"] > 0 and card["multiplications"] > 0
    assert scale.name == card["scale"]


def test_the_encoder_has_learnt_something_and_loads(trained):
    scale, run, place, _ = trained
    encoder = load_encoder(place / "encoder.safetensors", scale.backbones[run.backbone].encoder)
    fresh = build_method(scale, run, world()).encoder
    weights = zip(encoder.parameters(), fresh.parameters(), strict=True)
    assert all(not torch.equal(after, before) for after, before in weights)


def test_the_monitor_sees_each_second_epoch_a_copy(trained):
    _, _, place, seen = trained
    assert len(seen) == 1
    metrics = (place / "metrics.jsonl").read_text().splitlines()
    assert metrics[-1] == '{"step": 4, "knn": 12.5}'


def test_double_precision_is_handed_on_and_monitored_in_single(micro, tmp_path):
    scale, run = setting(micro, "double", **{"pretrain.precision": "float64"})
    seen = []

    def monitor(encoder):
        seen.extend(p.dtype for p in encoder.parameters())
        return 1.0

    pretrain(scale, run, micro.videos(), tmp_path, world(), monitor)
    assert set(seen) == {torch.float32}
    encoder = load_encoder(tmp_path / "encoder.safetensors", scale.backbones[run.backbone].encoder)
    assert all(torch.isfinite(p).all() for p in encoder.parameters())


def test_a_step_moves_by_the_methods_own_rate(micro, tmp_path):
    # One step over all sixteen videos, without warm-up: weights move by rate * (gradient + decay).
    once = {"pretrain.batch": 16, "pretrain.epochs.kinetics400": 1}
    once |= {"pretrain.optimiser.schedule.warmup_steps": 0}
    moved = []
    for name, rates in (("everyones", {"pace": 0.005}), ("own", {"moco": 0.005})):
        place = tmp_path / name
        scale, run = setting(micro, name, **once, **{"pretrain.rates": rates})
        pretrain(scale, run, micro.videos(), place, world(), None)
        card = read_json(place / "card.json")
        assert card["learning_rate"] == card["recipe"]["pretrain"]["optimiser"]["lr"]
        settings = scale.backbones[run.backbone].encoder
        after = dict(load_encoder(place / "encoder.safetensors", settings).named_parameters())
        before = build_method(scale, run, world()).encoder.named_parameters()
        moved.append((card["learning_rate"], {key: after[key] - one for key, one in before}))
    (everyones, whole), (own, share) = moved
    assert (everyones, own) == (0.02, 0.005)
    for key, step in whole.items():
        torch.testing.assert_close(4 * share[key], step, rtol=1e-3, atol=1e-6)
    assert any(step.abs().max() > 1e-3 for step in whole.values())


def test_an_untrained_encoder_is_exported_as_it_was_made(micro, tmp_path):
    scale, run = choose(micro.scale("short", SHORT), "random")
    pretrain(scale, run, None, tmp_path, world(), None)
    settings = scale.backbones[run.backbone].encoder
    weights = load_encoder(tmp_path / "encoder.safetensors", settings).state_dict()
    for key, tensor in build_method(scale, run, world()).encoder.state_dict().items():
        assert torch.equal(weights[key], tensor), key
    card = read_json(tmp_path / "card.json")
    assert card["data"] is None and card["data_fingerprint"] is None and card["metrics"] == {}


def test_a_run_without_its_videos_is_refused(micro, tmp_path):
    with pytest.raises(FameError, match="is pretrained on kinetics400: give its manifest"):
        pretrain(*setting(micro), None, tmp_path, world(), None)


def test_other_videos_than_the_runs_are_refused(micro, tmp_path):
    """Its card would name the videos that it should have been trained on."""
    with pytest.raises(FameError, match="on kinetics400, and the manifest is of ucf101; give"):
        pretrain(*setting(micro), micro.videos("ucf101"), tmp_path, world(), None)
    untrained = choose(micro.scale("short", SHORT), "random")
    with pytest.raises(FameError, match="is not pretrained; leave out the manifest"):
        pretrain(*untrained, micro.videos(), tmp_path, world(), None)
    assert not list(tmp_path.iterdir())


def test_another_runs_encoder_is_not_replaced(micro, trained, tmp_path):
    _, run, place, _ = trained
    kept = shutil.copytree(place, tmp_path / "kept")
    before = (kept / "encoder.safetensors").read_bytes()
    other = choose(micro.scale("short", SHORT), "random")
    with pytest.raises(FameError, match=f"holds the encoder of {run.id}; give another folder"):
        pretrain(*other, None, kept, world(), None)
    assert (kept / "encoder.safetensors").read_bytes() == before


def test_only_the_process_with_the_first_group_keeps_running_statistics(micro):
    for rank in range(2):
        method = build_method(*setting(micro), world(rank, 2))
        norms = [m for m in method.modules() if isinstance(m, GroupBatchNorm)]
        assert norms
        assert {norm.update_running for norm in norms} == {rank == 0}
        assert {norm.group for norm in norms} == {4}


def test_a_world_that_cannot_share_the_groups_is_refused(micro):
    with pytest.raises(FameError, match="4 processes cannot share a batch of 8 in groups of 4"):
        build_method(*setting(micro), world(0, 4))


def test_the_method_depends_on_the_seed_alone(micro):
    scale, run = setting(micro)
    torch.manual_seed(1)
    first = build_method(scale, run, world()).state_dict()
    torch.manual_seed(2)
    second = build_method(scale, run, world(1, 2)).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float64"])
def test_similarities_are_never_rounded_to_bfloat16(micro, monkeypatch, precision):
    scale, run = setting(micro, precision, **{"pretrain.precision": precision})
    method = build_method(scale, run, world())
    dtype = parameter_dtype(precision)
    assert {p.dtype for p in method.parameters()} == {dtype}
    assert method.queue.keys.dtype == dtype
    seen, contrast = [], moco.contrast

    def spy(query, key, negatives, temperature):
        logits = contrast(query, key, negatives, temperature)
        expected = (query.double() @ negatives.double().T) / temperature
        torch.testing.assert_close(logits[:, 1:].double(), expected, rtol=1e-4, atol=1e-4)
        seen.append(logits.dtype)
        return logits

    monkeypatch.setattr(moco, "contrast", spy)
    clips = clips_of(scale, run, micro.videos().select("train"), method)
    batch = collate([clips[0, index] for index in range(8)])
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16"):
        loss, _ = method.loss(batch, 0)
    assert seen == [dtype] * 2
    assert loss.dtype == dtype
