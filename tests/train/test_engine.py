"""The loop against SGD in NumPy, and its indifference to interruptions."""

import os
import signal
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.config.optimiser import Optimiser
from fame.core.distributed import World
from fame.core.errors import FameError, Interrupted
from fame.train import checkpoint, engine
from fame.train.batches import Batches
from fame.train.engine import Plan, train
from fame.train.precision import parameter_dtype
from fame.train.stopping import SIGNALS
from fame.train.training_log import last_values

WORLD = World(0, 1, torch.device("cpu"))
PER_EPOCH, EPOCHS = 3, 4
STEPS = PER_EPOCH * EPOCHS
SGD = Optimiser(
    lr=0.05,
    momentum=0.9,
    weight_decay=0.01,
    schedule={"kind": "step", "milestones": (2,), "gamma": 0.1, "warmup_steps": 2},
)


class Numbers:
    """A batch that stays where it is."""

    def __init__(self, step):
        generator = np.random.default_rng(step)
        self.x, self.y = generator.normal(size=(5, 3)), generator.normal(size=5)

    def to(self, device):
        return self


class Line:
    """Least squares; at `bad` its loss is not a number."""

    def __init__(self, bad=None):
        self.module = torch.nn.Linear(3, 1, bias=False).double()
        torch.nn.init.constant_(self.module.weight, 0.5)
        self.bad, self.seen = bad, []

    def loss(self, batch, step):
        self.seen.append((step, self.module.training, torch.is_autocast_enabled("cpu")))
        predicted = self.module(torch.from_numpy(batch.x)).squeeze(1)
        error = (predicted - torch.from_numpy(batch.y)).square().mean()
        return error * (float("nan") if step == self.bad else 1), {"double": 2 * error}


def by_hand():
    """Weights after every step."""
    weight, velocity, every = np.full(3, 0.5), np.zeros(3), []
    for step in range(STEPS):
        batch = Numbers(step)
        lr = 0.05 * min(1, (step + 1) / 2) * (0.1 if step // PER_EPOCH >= 2 else 1)
        gradient = 2 * batch.x.T @ (batch.x @ weight - batch.y) / 5 + 0.01 * weight
        velocity = 0.9 * velocity + gradient
        weight = weight - lr * velocity
        every.append(weight)
    return every


class Crash(Exception):
    pass


def plan(directory, crash=None, **changes):
    """A plan whose batches fail before the step `crash`."""

    def batches(first):
        for step in range(first, STEPS):
            if step == crash:
                raise Crash
            yield Numbers(step)

    whole = Plan(
        name="line",
        recipe={"a": 1},
        directory=directory,
        batches=Batches(PER_EPOCH, batches),
        epochs=EPOCHS,
        optimiser=SGD,
        precision="float64",
        checkpoint_minutes=1e-9,
        clips_per_step=5,
        on_epoch=lambda epoch: {},
    )
    return replace(whole, **changes)


def weights(line):
    return line.module.weight.detach().numpy()[0]


def test_sgd_by_hand(tmp_path):
    line = Line()
    train(line, plan(tmp_path), WORLD)
    np.testing.assert_allclose(weights(line), by_hand()[-1], rtol=1e-12)
    assert [step for step, *_ in line.seen] == list(range(STEPS))


@settings(max_examples=8)
@given(crashes=st.sets(st.integers(0, STEPS - 1), max_size=4))
def test_interruptions_change_no_bit(tmp_path_factory, crashes):
    calm = Line()
    train(calm, plan(tmp_path_factory.mktemp("calm")), WORLD)
    place = tmp_path_factory.mktemp("run")
    seen = []
    for crash in [*sorted(crashes), None]:
        line = Line()
        if crash is None:
            train(line, plan(place), WORLD)
        else:
            with pytest.raises(Crash):
                train(line, plan(place, crash), WORLD)
        seen += [step for step, *_ in line.seen]
    assert seen == list(range(STEPS))
    np.testing.assert_array_equal(weights(line), weights(calm))


def test_only_steps_since_the_checkpoint_are_repeated(tmp_path):
    with pytest.raises(Crash):
        train(Line(), plan(tmp_path, crash=5, checkpoint_minutes=100), WORLD)
    assert not (tmp_path / "checkpoints").exists()
    line = Line()
    train(line, plan(tmp_path, checkpoint_minutes=100), WORLD)
    assert line.seen[0][0] == 0
    assert [p.name for p in (tmp_path / "checkpoints").glob("*.pt")] == [f"step-{STEPS}.pt"]


def test_checkpoints_are_minutes_apart(tmp_path, monkeypatch):
    now, saved, line = [1000.0], [], Line()

    def loss(batch, step):
        now[0] += 25
        return Line.loss(line, batch, step)

    line.loss = loss
    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(
        checkpoint, "save", lambda _, state: saved.append((state.step, state.seconds))
    )
    assert train(line, plan(tmp_path, checkpoint_minutes=1), WORLD) == 300
    assert saved == [(3, 75), (6, 150), (9, 225), (12, 300)]


def test_a_finished_training_takes_no_more_steps(tmp_path):
    first, second = Line(), Line()
    train(first, plan(tmp_path), WORLD)
    loaded, _ = checkpoint.load(tmp_path / "checkpoints", {"a": 1})
    assert loaded is not None and loaded.seconds > 0
    assert train(second, plan(tmp_path), WORLD) >= loaded.seconds
    assert second.seen == []
    np.testing.assert_array_equal(weights(second), weights(first))


def test_the_training_log_has_means_rates_and_what_epochs_give(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "LOG_EVERY", 2)
    line, called = Line(), []

    def on_epoch(epoch):
        called.append(epoch)
        line.module.eval()
        return {"knn": float(epoch)} if epoch == 2 else {}

    train(line, plan(tmp_path, on_epoch=on_epoch), WORLD)
    assert called == [1, 2, 3, 4]
    assert all(training for _, training, _ in line.seen)
    values = last_values(tmp_path, ("loss", "double", "lr", "knn"))
    assert values["double"] == pytest.approx(2 * values["loss"], rel=1e-12)
    assert values["lr"] == pytest.approx(0.005)
    assert values["knn"] == 2


@pytest.mark.parametrize("bad", [0, 4])
def test_a_nan_stops_and_leaves_the_checkpoint(tmp_path, bad):
    sentence = f"line: the loss is nan at step {bad + 1}, at the learning rate [0-9.]+; lower"
    kept = rf"step-{bad}\.pt is untouched" if bad else "there was no checkpoint yet"
    with pytest.raises(FameError, match=f"{sentence}.*{kept}"):
        train(Line(bad), plan(tmp_path), WORLD)
    loaded, _ = checkpoint.load(tmp_path / "checkpoints", {"a": 1})
    assert (loaded.step if loaded else 0) == bad
    if loaded:
        np.testing.assert_allclose(loaded.module["weight"][0], by_hand()[bad - 1], rtol=1e-12)


@settings(max_examples=8)
@given(step=st.integers(0, STEPS - 1), number=st.sampled_from(SIGNALS))
def test_a_signal_stops_after_the_step_and_changes_no_bit(tmp_path_factory, step, number):
    place = tmp_path_factory.mktemp("run")
    line = Line()

    def at_step(batch, now):
        if now == step:
            os.kill(os.getpid(), number)
        return Line.loss(line, batch, now)

    line.loss = at_step
    rare = plan(place, checkpoint_minutes=100)
    handlers = [signal.getsignal(number) for number in SIGNALS]
    if step + 1 < STEPS:
        sentence = f"line: stopped by {number.name} after step {step + 1} of {STEPS}, which is"
        with pytest.raises(Interrupted, match=sentence):
            train(line, rare, WORLD)
        assert checkpoint.newest(rare.checkpoints).name == f"step-{step + 1}.pt"
        line = Line()
    train(line, rare, WORLD)
    assert [signal.getsignal(number) for number in SIGNALS] == handlers
    np.testing.assert_allclose(weights(line), by_hand()[-1], rtol=1e-12)


def test_another_recipe_is_refused(tmp_path):
    train(Line(), plan(tmp_path), WORLD)
    with pytest.raises(FameError, match="a: 1, not 2"):
        train(Line(), plan(tmp_path, recipe={"a": 2}), WORLD)


def test_another_process_than_the_first_writes_nothing(tmp_path):
    peer = SimpleNamespace(
        is_first=False,
        size=2,
        device=torch.device("cpu"),
        mean=lambda tensor: tensor,
        barrier=lambda: None,
        average_gradients=lambda parameters: None,
    )
    line = Line()
    train(line, plan(tmp_path), peer)
    assert list(tmp_path.iterdir()) == []
    np.testing.assert_allclose(weights(line), by_hand()[-1], rtol=1e-12)


@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16", "float64"])
def test_a_step_is_taken_at_the_precision_and_with_cudnn(tmp_path, precision):
    line, seen = Line(), []
    line.module.to(parameter_dtype(precision))
    line.module.weight.register_hook(lambda gradient: seen.append(arithmetic()))

    def loss(batch, step):
        seen.append((*arithmetic(), torch.is_autocast_enabled("cpu")))
        return line.module.weight.sum(), {}

    line.loss = loss
    train(line, plan(tmp_path, precision=precision), WORLD)
    allowed, reduced = precision == "tf32", precision == "bfloat16"
    assert set(seen) == {(True, allowed, allowed, reduced), (True, allowed, allowed)}


def arithmetic():
    """Whether cuDNN is used, and whether it and matrix products may round to TF32."""
    cudnn, products = torch.backends.cudnn, torch.backends.cuda.matmul
    return cudnn.enabled, cudnn.allow_tf32, products.allow_tf32
