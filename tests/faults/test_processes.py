"""One, two and four processes train the same network, and none outlives its parent."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
import torch
from children import Stop
from commands import finetuning, pretraining
from exact import EXACT, IN_BATCH, QUEUED, assert_equal_trainings, table_of
from micro_world import ROOT, choose

from fame.core.distributed import World
from fame.core.files import sha256, write_json
from fame.models.files import save_encoder
from fame.train.pretrain import build_method

STEPS = 20
HALF = [0.5, 0.5, 0.5]
BE_OPTIONS = {
    "fame": {"protocol": "fame", "strength": 0.3},
    "own": {
        "protocol": "own",
        "strength": 0.3,
        "stride": 4,
        "temperature": 0.07,
        "mean": HALF,
        "std": HALF,
    },
}


@pytest.mark.parametrize(
    ("changes", "numbers"), [(QUEUED, (2, 4)), (IN_BATCH, (4,))], ids=["queue", "in-batch"]
)
def test_pretraining(fork, micro, tmp_path, changes, numbers):
    scale = micro.scale("exact", EXACT | changes)
    reference = pretraining(fork, micro, tmp_path / "1", scale)
    assert reference.run(keep=True, log_every=1) == 0, reference.text()
    size = changes["pretrain.methods.moco.queue"]["kinetics400"]
    assert len(reference.state()["queue.keys"]) == size
    assert reference.state()["query.head.0.weight"].dtype == torch.float64
    for processes in numbers:
        training = pretraining(fork, micro, tmp_path / str(processes), scale)
        assert training.run_in(processes, keep=True, log_every=1) == [0] * processes, (
            training.text()
        )
        assert_equal_trainings(training, reference, list(range(1, STEPS + 1)))


@pytest.mark.parametrize(
    ("protocol", "changes"), [("fame", IN_BATCH), ("own", QUEUED)], ids=["fame", "own"]
)
def test_background_erasing(fork, micro, tmp_path, protocol, changes):
    recipe = {"method": "be", "backbone": "r2plus1d", "pretrain": "kinetics400"}
    tables = table_of(tmp_path / "tables", recipe | {"options": BE_OPTIONS[protocol]})
    scale = micro.scale(
        f"exact-be-{protocol}", EXACT | changes | {"pretrain.epochs.kinetics400": 3}
    )
    trainings = []
    for processes in (1, 2):
        place = tmp_path / str(processes)
        training = pretraining(fork, micro, place, scale, "be-", tables)
        statuses = training.run_in(processes, keep=True, log_every=1)
        assert statuses == [0] * processes, training.text()
        trainings.append(training)
    assert_equal_trainings(*trainings, list(range(1, 7)))


def test_finetuning(fork, micro, tmp_path):
    scale = micro.scale("exact-finetuning", EXACT | QUEUED)
    settings, run = choose(scale, "moco-fame")
    method = build_method(settings, run, World(0, 1, torch.device("cpu")))
    encoder = tmp_path / "encoder.safetensors"
    save_encoder(encoder, method.encoder.float())
    write_json(tmp_path / "card.json", {"run": run.id, "encoder_sha256": sha256(encoder)})
    trainings = []
    for processes in (1, 2):
        place = tmp_path / str(processes)
        training = finetuning(fork, micro, place, scale, encoder)
        statuses = training.run_in(processes, keep=True, log_every=1)
        assert statuses == [0] * processes, training.text()
        trainings.append(training)
    assert_equal_trainings(*trainings, list(range(1, 8)))


def test_an_interruption_may_change_the_number_of_processes(fork, micro, tmp_path):
    often = {"resources.checkpoint_minutes": 1e-6, "pretrain.epochs.kinetics400": 2}
    scale = micro.scale("changing", EXACT | QUEUED | often)
    reference = pretraining(fork, micro, tmp_path / "calm", scale)
    assert reference.run(keep=True, log_every=1) == 0, reference.text()
    training = pretraining(fork, micro, tmp_path / "changing", scale)
    # Every process dies at the same step, as when the machine does.
    statuses = training.run_in(2, stop=Stop("backward", 3), log_every=1)
    assert statuses == [-signal.SIGKILL] * 2, training.text()
    assert training.step() == 2
    assert training.run(keep=True, log_every=1) == 0, training.text()
    assert_equal_trainings(training, reference, [1, 2, 3, 4])


def test_a_nan_in_one_process_stops_all_with_the_same_sentence(fork, micro, tmp_path):
    training = pretraining(fork, micro, tmp_path, micro.scale("nan", EXACT | QUEUED))
    assert training.run_in(2, spoilt=1, first={"spoilt": None}) == [1, 1], training.text()
    assert training.text().count("the loss is nan at step 2") == 2
    assert "Traceback" not in training.text()


def gone(process, seconds):
    """Whether a process ends in time; a zombie counts as ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        until = time.monotonic() + seconds
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
    return True


def wait_for(condition, seconds=120):
    """Poll until a condition holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.05)


def test_torchrun_trains_and_its_trainers_die_with_it(fork, micro, tmp_path):
    long = {"pretrain.epochs.kinetics400": 1000, "resources.checkpoint_minutes": 1e-6}
    scale = micro.scale("long", EXACT | QUEUED | long)
    training = pretraining(fork, micro, tmp_path, scale)
    command = [sys.executable, "-m", "fame", *map(str, training.arguments), "--processes", "2"]
    variables = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with training.log.open("wb") as log:
        agent = subprocess.Popen(command, stdout=log, stderr=log, env=variables)
    trainers = []
    try:
        wait_for(lambda: training.step() >= 2 or agent.poll() is not None)
        assert agent.poll() is None, training.text()
        trainers = psutil.Process(agent.pid).children(recursive=True)
        assert len(trainers) >= 2
        agent.kill()
        agent.wait()
        assert all(gone(trainer, 20) for trainer in trainers)
    finally:
        for process in (agent, *trainers):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
