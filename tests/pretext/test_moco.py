"""MoCo's step against a slow, obvious NumPy version, and its queue."""

import numpy as np
import pytest
import torch
from slow_moco import (
    BATCH,
    DIM,
    WORLD,
    FakeRun,
    Tiny,
    batch,
    info_nce,
    project,
    settings,
)

from fame.pretext import moco
from fame.pretext.common import Setup


def method(views, **changes):
    torch.manual_seed(0)
    setup = Setup(FakeRun(), {"moco": settings(**changes)}, {}, Tiny(), views, WORLD, BATCH)
    return moco.MoCo(setup).double()


def pair(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(BATCH, 3, 2, 4, 4, generator=generator, dtype=torch.float64) for _ in range(2)
    ]


@pytest.mark.parametrize("enqueue", ["step", "direction"])
def test_step_with_a_queue_equals_the_slow_version(enqueue):
    views = pair()
    model = method(lambda *_: views, enqueue=enqueue)
    with torch.no_grad():
        for parameter in model.query.parameters():
            parameter.add_(0.01)
    key_before = [p.clone() for p in model.key.parameters()]
    queue_before = model.queue.keys.clone().numpy()
    loss, _ = model.loss(batch(), 0)
    for before, key, query in zip(
        key_before, model.key.parameters(), model.query.parameters(), strict=True
    ):
        torch.testing.assert_close(key, 0.9 * before + 0.1 * query.detach())
    queries = [project(model.query, view) for view in views]
    keys = [project(model.key, view) for view in views]
    between, joined = queue_before, keys
    if enqueue == "direction":
        between, joined = np.concatenate([keys[1], queue_before[BATCH:]]), keys[::-1]
    expected = np.mean(
        [
            info_nce(queries[0], keys[1], queue_before, 0.1),
            info_nce(queries[1], keys[0], between, 0.1),
        ]
    )
    assert loss.item() == pytest.approx(expected, rel=1e-9)
    # Both directions' keys replace the oldest, and the pointer moves by twice the batch.
    queue_after = model.queue.keys.numpy()
    np.testing.assert_allclose(queue_after[: 2 * BATCH], np.concatenate(joined), rtol=1e-6)
    np.testing.assert_array_equal(queue_after[2 * BATCH :], queue_before[2 * BATCH :])
    assert model.queue.pointer.item() == 2 * BATCH


def test_the_queue_wraps_round():
    model = method(lambda *_: pair())
    for step in range(2):
        model.loss(batch(), step)
    keys = np.concatenate([project(model.key, view) for view in pair()])
    assert model.queue.pointer.item() == (4 * BATCH) % 16
    np.testing.assert_allclose(model.queue.keys[12:].numpy(), keys[:4], rtol=1e-6)
    np.testing.assert_allclose(model.queue.keys[:8].numpy(), keys[4:], rtol=1e-6)


def test_a_queue_smaller_than_the_keys_of_a_step_holds_the_newest():
    model = method(lambda *_: pair(), queue={"k": 8})
    model.loss(batch(), 0)
    keys = np.concatenate([project(model.key, view) for view in pair()])
    assert len(keys) > 8
    np.testing.assert_allclose(model.queue.keys.numpy(), keys[-8:], rtol=1e-6)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_in_batch_negatives_equal_the_slow_version(momentum):
    views = pair(1)
    model = method(lambda *_: views, queue={"k": 0}, momentum=momentum)
    loss, _ = model.loss(batch(), 0)
    queries = [project(model.query, view) for view in views]
    keys = [project(model.key, view) for view in views]
    expected = 0.0
    for query, key in ((queries[0], keys[1]), (queries[1], keys[0])):
        for row in range(BATCH):
            others = np.delete(key, row, axis=0)
            expected += info_nce(query[row : row + 1], key[row : row + 1], others, 0.1)
    assert loss.item() == pytest.approx(expected / (2 * BATCH), rel=1e-9)
    assert model.facts() == {"negatives": "in-batch"}


@pytest.mark.parametrize("enqueue", ["step", "direction"])
def test_gradients_reach_the_query_network_only(enqueue):
    model = method(lambda *_: pair(), enqueue=enqueue)
    model.loss(batch(), 0)[0].backward()
    assert all(p.grad is not None for p in model.query.parameters())
    assert all(p.grad is None for p in model.key.parameters())
    assert not model.queue.keys.requires_grad


def test_shuffled_keys_come_back_in_order():
    views = pair(2)
    plain = method(lambda *_: views)
    shuffled = method(lambda *_: views, shuffle=True)
    plain_loss, _ = plain.loss(batch(), 0)
    shuffled_loss, _ = shuffled.loss(batch(), 0)
    torch.testing.assert_close(plain_loss, shuffled_loss)


def test_contrast_is_one_when_every_query_finds_its_key():
    same = torch.eye(3, dtype=torch.float64).repeat(2, 1)[:BATCH, :, None, None, None]
    view = same.expand(BATCH, 3, 2, 4, 4)
    model = method(lambda *_: [view, view])
    with torch.no_grad():
        model.queue.keys.copy_(-model.keys(view, 0, 0)[:1].expand(16, DIM))
    _, scalars = model.loss(batch(), 0)
    assert scalars["contrast"].item() == 1.0


@pytest.mark.parametrize(
    ("changes", "chance", "without"),
    [
        ({}, 1 / 17, 2),
        ({"queue": {"k": 0}}, 1 / BATCH, 2),
        ({"queue": {"k": 0}, "momentum": 0.0}, 1 / BATCH, 0),
    ],
)
def test_chance_and_cost_are_declared(changes, chance, without):
    model = method(lambda *_: pair(), **changes)
    assert model.chance(BATCH) == pytest.approx(chance)
    assert model.cost() == (2, without)
