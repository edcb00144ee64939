"""kill -9 at ten random steps: the same command again ends in the very same bits."""

import random
import signal

import pandas as pd
import torch
from children import PHASES, Stop
from commands import LENGTH, OFTEN, STEPS, finetuning, pretraining

from fame.core.files import read_json, sha256

FINETUNING_STEPS = 14


def kill_and_finish(training, steps, seed):
    """Kill a training at ten random steps, each in a random phase, then let it finish."""
    chance = random.Random(seed)
    for step in sorted(chance.sample(range(1, steps), 10)):
        stop = Stop(chance.choice(PHASES), step - training.step())
        assert training.run(stop=stop) == -signal.SIGKILL, training.text()
        assert step - 1 <= training.step() <= step
    assert training.run(keep=True) == 0, training.text()


def test_pretraining(fork, micro, scales, undisturbed, tmp_path):
    training = pretraining(fork, micro, tmp_path, scales[1])
    kill_and_finish(training, STEPS, seed=0)
    assert training.text().count("resuming from step") >= 8
    names = ("encoder.safetensors", "metrics.jsonl")
    for name in names:
        assert sha256(training.work / name) == sha256(undisturbed.work / name), name
    steps = [line["step"] for line in training.metrics() if "loss" in line]
    assert steps == list(range(2, STEPS + 1, 2))


def test_what_a_kill_left_half_is_removed(fork, micro, scales, tmp_path):
    training = pretraining(fork, micro, tmp_path, scales[1])
    assert training.run(stop=Stop("half-saved", 2)) == -signal.SIGKILL
    checkpoints = training.work / "checkpoints"
    assert len(list(checkpoints.glob(".*.tmp"))) == 1
    assert training.run(stop=Stop("saved", 2)) == -signal.SIGKILL
    names = {f"step-{step}.{suffix}" for step in (2, 3) for suffix in ("pt", "sha256")}
    assert {path.name for path in checkpoints.iterdir()} == names


def test_a_kill_before_the_card(fork, micro, scales, undisturbed, tmp_path):
    training = pretraining(fork, micro, tmp_path, scales[0])
    assert training.run(stop=Stop("encoder written", 1)) == -signal.SIGKILL
    assert not (training.work / "card.json").exists()
    assert training.run() == 0, training.text()
    assert f"resuming from step {STEPS}" in training.text()
    expected = read_json(undisturbed.work / "card.json")
    card = read_json(training.work / "card.json")
    for key in ("encoder_sha256", "metrics", "data_fingerprint", "negatives"):
        assert card[key] == expected[key], key
    assert not (training.work / "checkpoints").exists()


def test_a_kill_with_loader_workers(fork, micro, undisturbed, tmp_path):
    """Orphaned workers neither keep the directory locked nor change a number."""
    scale = micro.scale("workers", LENGTH | OFTEN | {"resources.workers": 2})
    training = pretraining(fork, micro, tmp_path, scale)
    assert training.run(stop=Stop("saved", 3)) == -signal.SIGKILL
    assert training.run() == 0, training.text()
    name = "encoder.safetensors"
    assert sha256(training.work / name) == sha256(undisturbed.work / name)


def test_finetuning(fork, micro, scales, undisturbed, tmp_path):
    encoder = undisturbed.work / "encoder.safetensors"
    calm = finetuning(fork, micro, tmp_path / "calm", scales[0], encoder)
    assert calm.run(keep=True) == 0, calm.text()
    training = finetuning(fork, micro, tmp_path / "killed", scales[1], encoder)
    kill_and_finish(training, FINETUNING_STEPS, seed=1)
    assert calm.step() == training.step() == FINETUNING_STEPS
    for key, tensor in calm.state().items():
        assert torch.equal(tensor, training.state()[key]), key
    assert calm.metrics() == training.metrics()
    predictions = (pd.read_parquet(t.place / "finetune.parquet") for t in (calm, training))
    pd.testing.assert_frame_equal(*predictions, check_exact=True)
