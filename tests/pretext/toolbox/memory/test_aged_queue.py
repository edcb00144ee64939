"""Keys that count less with age, by hand."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from fame.pretext.toolbox.losses.contrast import contrast
from fame.pretext.toolbox.memory.aged_queue import AgedQueue, decay_of


def test_the_loss_by_hand():
    queue = AgedQueue(3, 2, seed=0, decay=0.5)
    for key in ([-1.0, 0.0], [0.0, 1.0], [1.0, 0.0]):
        queue.enqueue(torch.tensor([key]))
    assert queue.ages.tolist() == [3, 2, 1]
    query, key = torch.tensor([[0.6, 0.8]]), torch.tensor([[0.8, 0.6]])
    logits = contrast(query, key, queue.negatives(), 0.5)
    torch.testing.assert_close(logits, torch.tensor([[1.92, -0.15, 0.4, 0.6]]))
    target = torch.zeros(1, dtype=torch.int64)
    assert cross_entropy(logits, target).item() == pytest.approx(0.477496, abs=1e-6)
    queue.decay = 1.0
    plain = contrast(query, key, queue.negatives(), 0.5)
    assert cross_entropy(plain, target).item() == pytest.approx(0.814062, abs=1e-6)


def test_ages_grow_by_one_a_step_wrap_around_and_are_saved():
    queue = AgedQueue(5, 2, seed=0, decay=0.9)
    assert queue.ages.tolist() == [1] * 5
    queue.enqueue(torch.eye(2))
    queue.enqueue(torch.eye(2))
    assert queue.ages.tolist() == [2, 2, 1, 1, 3]
    queue.enqueue(torch.eye(2))
    assert queue.ages.tolist() == [1, 3, 2, 2, 1] and queue.pointer.item() == 1
    again = AgedQueue(5, 2, seed=1, decay=0.9)
    again.load_state_dict(queue.state_dict())
    assert torch.equal(again.negatives(), queue.negatives())
    queue.enqueue(torch.eye(2)[[0, 1, 0, 1, 0, 1, 0]])
    assert queue.ages.tolist() == [1] * 5


def test_without_a_queue_nothing_happens():
    queue = AgedQueue(0, 2, seed=0, decay=1.0)
    queue.enqueue(torch.eye(2))
    assert queue.negatives().shape == (0, 2)


def test_the_decay_of_the_paper_and_of_queues_of_other_sizes():
    assert pytest.approx(0.9797, abs=1e-4) == 0.99999 ** (65536 / 32)
    assert decay_of(0.9797, 32, 65536) == pytest.approx(0.99999, abs=1e-7)
    assert decay_of(0.98, 64, 2048) ** 32 == pytest.approx(0.98)
    assert decay_of(0.98, 64, 8) == 0.98 and decay_of(0.98, 64, 0) == 1
