"""What goes wrong is one clear sentence, and nothing is lost by it."""

import os
import signal
import time

import psutil
import torch
from children import Stop
from commands import pretraining

from fame.core.files import sha256

OFTEN = {"resources.checkpoint_minutes": 1e-6}


def sentence(training):
    """The only line that the command printed."""
    (line,) = training.text().splitlines()
    assert line.startswith("fame: ")
    return line


def stopped(process):
    """Wait until a process has stopped itself."""
    until = time.monotonic() + 120
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
        assert process.is_alive() and time.monotonic() < until
        time.sleep(0.02)


def test_a_run_whose_owner_lives_is_refused(fork, micro, tmp_path):
    scale = micro.scale("owned", OFTEN)
    first = pretraining(fork, micro, tmp_path, scale)
    owner = first.start(stop=Stop("saved", 1, signal.SIGSTOP))
    try:
        stopped(owner)
        before = sorted(path.name for path in first.work.iterdir())
        assert first.run() == 1
        assert f"is being written by process {owner.pid}" in sentence(first)
        assert sorted(path.name for path in first.work.iterdir()) == before
    finally:
        os.kill(owner.pid, signal.SIGKILL)
        owner.join()
    assert first.run() == 0, first.text()


def test_a_full_disk_keeps_the_last_checkpoint(fork, micro, tmp_path):
    calm = pretraining(fork, micro, tmp_path / "calm", micro.scale("calm"))
    assert calm.run() == 0, calm.text()
    training = pretraining(fork, micro, tmp_path / "full", micro.scale("full", OFTEN))
    assert training.run(room=20_000) == 1
    assert "step-2.pt could not be written" in sentence(training)
    assert "free space" in sentence(training)
    checkpoints = training.work / "checkpoints"
    assert {path.name for path in checkpoints.iterdir()} == {"step-1.pt", "step-1.sha256"}
    assert training.run() == 0, training.text()
    assert "resuming from step 1" in training.text()
    name = "encoder.safetensors"
    assert sha256(training.work / name) == sha256(calm.work / name)


def test_a_checkpoint_of_another_recipe_is_refused_saying_in_what(fork, micro, tmp_path):
    training = pretraining(fork, micro, tmp_path, micro.scale("one", OFTEN))
    assert training.run(stop=Stop("saved", 1)) == -signal.SIGKILL
    other = micro.scale("two", OFTEN | {"pretrain.optimiser.lr": 0.03})
    again = pretraining(fork, micro, tmp_path, other)
    assert again.run() == 1
    assert "run.pretrain.optimiser.lr: 0.02, not 0.03" in sentence(again)
    assert again.step() == 1


def test_a_diverging_run_stops_with_one_sentence(fork, micro, tmp_path):
    scale = micro.scale("diverging", OFTEN | {"pretrain.optimiser.lr": 1e30})
    training = pretraining(fork, micro, tmp_path, scale, method="moco-r2plus1d")
    assert training.run() == 1
    assert "the loss is nan at step" in sentence(training)
    assert "at the learning rate" in sentence(training)
    assert f"step-{training.step()}.pt is untouched" in sentence(training)
    torch.load(training.work / "checkpoints" / f"step-{training.step()}.pt", weights_only=True)


def test_read_only_results_are_one_sentence_and_cost_nothing(
    fork, micro, scales, undisturbed, tmp_path
):
    training = pretraining(fork, micro, tmp_path, scales[1])
    assert training.run(stop=Stop("saved", 2)) == -signal.SIGKILL
    places = [training.work, training.work / "checkpoints"]
    for place in places:
        place.chmod(0o555)
    try:
        assert training.run(obedient=True) == 1
    finally:
        for place in places:
            place.chmod(0o755)
    (line,) = training.text().splitlines()
    assert line.startswith("fame: ") and str(training.work) in line
    assert "correct the" in line and "permissions" in line
    assert training.step() == 2
    assert training.run() == 0, training.text()
    name = "encoder.safetensors"
    assert sha256(training.work / name) == sha256(undisturbed.work / name)
