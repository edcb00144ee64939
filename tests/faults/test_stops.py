"""SIGTERM, as Slurm sends it before the limit, damaged checkpoints and dead loader workers.

Each costs no more than the step at hand, and the same command again ends in the very same bits.
"""

import random
import signal
import time

import psutil
import pytest
from children import Stop
from commands import LENGTH, OFTEN, STEPS, pretraining
from exact import same_products

from fame.core.errors import RESUME


def test_a_stopped_training_goes_on_where_it_stopped(fork, micro, scales, undisturbed, tmp_path):
    """Checkpoints are rare here, so each one that is found was written because of the signal."""
    chance = random.Random(3)
    training = pretraining(fork, micro, tmp_path, scales[0])
    numbers = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
    for step, number in zip(sorted(chance.sample(range(1, STEPS), 3)), numbers, strict=True):
        stop = Stop("backward", step - training.step(), number)
        assert training.run(stop=stop) == RESUME, training.text()
        last = training.text().splitlines()[-1]
        assert f"stopped by {number.name} after step {step} of {STEPS}, which is saved" in last
        assert training.step() == step
    assert "Traceback" not in training.text()
    assert training.run() == 0, training.text()
    assert same_products(training, undisturbed)


def test_a_signal_while_a_checkpoint_is_written(fork, micro, scales, undisturbed, tmp_path):
    training = pretraining(fork, micro, tmp_path, scales[1])
    assert training.run(stop=Stop("checksum", 4, signal.SIGTERM)) == RESUME
    assert training.step() == 5
    assert training.run() == 0, training.text()
    assert same_products(training, undisturbed)


def test_all_processes_stop_at_the_step_at_which_one_was_asked_to(fork, micro, scales, tmp_path):
    training = pretraining(fork, micro, tmp_path, scales[0])
    stop = Stop("backward", 3, signal.SIGTERM)
    assert training.run_in(2, stop=stop, first={"stop": None}) == [RESUME] * 2, training.text()
    # The mean that tells them is taken before the signal of step 3 comes.
    assert training.step() == 4
    assert "stopped by a signal to another process after step 4" in training.text()


@pytest.mark.parametrize("damage", ["flipped", "cut"])
def test_a_damaged_newest_checkpoint(fork, micro, scales, undisturbed, tmp_path, damage):
    training = pretraining(fork, micro, tmp_path, scales[1])
    assert training.run(stop=Stop("saved", 7)) == -signal.SIGKILL
    newest = training.work / "checkpoints" / "step-7.pt"
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 4
    newest.write_bytes(content if damage == "flipped" else content[:-1000])
    assert training.run() == 0, training.text()
    passed, resumed = training.text().splitlines()
    assert passed == f"{newest} does not match its SHA-256 and was skipped"
    assert resumed.endswith("resuming from step 6")
    assert same_products(training, undisturbed)


def test_a_killed_loader_worker(fork, micro, undisturbed, tmp_path):
    scale = micro.scale("worker", LENGTH | OFTEN | {"resources.workers": 1})
    training = pretraining(fork, micro, tmp_path, scale)
    trainer = training.start(stop=Stop("saved", 3, signal.SIGSTOP))
    stopped = psutil.Process(trainer.pid)
    while stopped.status() != psutil.STATUS_STOPPED:
        assert trainer.is_alive(), training.text()
        time.sleep(0.05)
    (worker,) = stopped.children()
    worker.kill()
    while worker.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    stopped.resume()
    trainer.join()
    assert trainer.exitcode == RESUME, training.text()
    assert "a loader worker died (" in training.text().splitlines()[-1]
    assert "Traceback" not in training.text()
    assert training.run() == 0, training.text()
    assert same_products(training, undisturbed)
