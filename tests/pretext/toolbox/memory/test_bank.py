"""The bank of earlier vectors: its order, when it is full, and what a checkpoint keeps."""

import torch

from fame.pretext.toolbox.memory.bank import Bank


def filled(bank, *numbers):
    rows = torch.tensor(numbers)
    bank.add(rows[:, None].float(), rows)
    return bank


def test_the_oldest_vectors_are_overwritten():
    bank = filled(filled(Bank(3, 1), 1, 2), 3, 4)
    assert bank.videos.tolist() == [4, 2, 3]
    assert bank.vectors[:, 0].tolist() == [4, 2, 3]


def test_it_is_full_once_every_row_was_written():
    bank = filled(Bank(3, 1), 5, 6)
    assert not bank.full() and len(bank) == 3
    assert filled(bank, 0).full()


def test_of_more_vectors_than_it_holds_the_last_stay():
    assert sorted(filled(Bank(2, 1), 1, 2, 3).videos.tolist()) == [2, 3]


def test_one_without_rows_keeps_nothing():
    assert len(filled(Bank(0, 1), 1, 2)) == 0


def test_a_checkpoint_keeps_its_state():
    bank = filled(Bank(3, 1), 1, 2)
    twin = Bank(3, 1)
    twin.load_state_dict(bank.state_dict())
    assert torch.equal(filled(twin, 3, 4).videos, filled(bank, 3, 4).videos)
    assert torch.equal(twin.vectors, bank.vectors)
