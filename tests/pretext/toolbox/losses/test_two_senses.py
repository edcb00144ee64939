"""The contrast of two senses: the specification's numbers, masks, processes."""

from types import SimpleNamespace

import pytest
import torch
from method_runs import WORLD

from fame.pretext.toolbox.losses.two_senses import Pair, TwoSenses, pair, pairs_of

SENSES = {"video": "sounds", "sound": "videos"}
HALF = 0.5**0.5
V, A = [[1, 0], [0, 1]], [[0.8, 0.6], [0.6, 0.8]]
V2, A2 = [[0.6, 0.8], [-0.6, 0.8]], [[HALF, HALF], [-HALF, HALF]]


def pairs(dtype=torch.float64):
    one, other = ([torch.tensor(x, dtype=dtype) for x in both] for both in ((V, A), (V2, A2)))
    return pair(WORLD, *one), pair(WORLD, *other)


def senses(heard=(True, True)):
    return TwoSenses(WORLD, torch.tensor(heard), 0.5)


def test_the_losses_are_those_worked_out_by_hand():
    one, other = pairs()
    assert senses().base(one).item() == pytest.approx(0.513015, abs=1e-6)
    terms = (1.069688, 1.217832, 0.796286, 0.710246)
    pairings = [(*both, sense) for both in ((one, other), (other, one)) for sense in SENSES]
    for (here, there, sense), wanted in zip(pairings, terms, strict=True):
        key = SENSES[sense]
        found = senses()._nce(
            getattr(here, sense), [getattr(here, key), getattr(there, key)], torch.ones(2) > 0
        )
        assert found.item() == pytest.approx(wanted, abs=1e-6)
    assert senses().variant(one, other).item() == pytest.approx(0.948513, abs=1e-6)
    assert senses().invariant(one, other).item() == pytest.approx(0.559547, abs=1e-6)
    base = (senses().base(one) + senses().base(other)) / 2
    assert base.item() == pytest.approx(0.340628, abs=1e-6)


def many(count=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    parts = torch.randn(4, count, 5, generator=generator, dtype=torch.float64)
    parts = torch.nn.functional.normalize(parts, dim=2)
    return [part.clone().requires_grad_() for part in parts]


def total(losses, one, other, apart):
    return losses.base(one) + losses.variant(one, other, apart) + losses.invariant(one, other)


def test_a_video_that_is_not_heard_is_as_if_it_were_not_there():
    whole, kept = many(), torch.tensor([0, 2, 3, 5])
    heard, apart = torch.zeros(6, dtype=torch.bool), torch.tensor([1, 1, 0, 1, 0, 1]) > 0
    heard[kept] = True
    few = [part[kept] for part in whole]
    losses = [
        total(TwoSenses(WORLD, rows, 0.1), pair(WORLD, *parts[:2]), pair(WORLD, *parts[2:]), where)
        for rows, parts, where in ((heard, whole, apart), (heard[kept], few, apart[kept]))
    ]
    assert losses[0].item() == pytest.approx(losses[1].item(), rel=1e-12)
    losses[0].backward()
    assert all(not part.grad[[1, 4]].any() for part in whole)
    assert whole[0].grad[0].any()


def test_without_any_sound_the_loss_is_zero_and_has_a_gradient():
    parts = many()
    one, other = pair(WORLD, *parts[:2]), pair(WORLD, *parts[2:])
    losses = TwoSenses(WORLD, torch.zeros(6, dtype=torch.bool), 0.1)
    found = total(losses, one, other, torch.ones(6) > 0)
    found.backward()
    assert found.item() == 0 and not parts[0].grad.any()
    assert losses.found(one).item() == losses.told(one, other).item() == 0


def test_keys_pass_no_gradient_and_a_moment_too_near_is_no_negative_of_its_own():
    parts = many()
    one, other = pair(WORLD, *parts[:2]), pair(WORLD, *parts[2:])
    TwoSenses(WORLD, torch.ones(6) > 0, 0.1)._nce(
        one.video, [one.sounds, other.sounds], torch.ones(6) > 0
    ).backward()
    assert parts[0].grad.any() and all(part.grad is None for part in parts[1:])
    near = torch.tensor([1, 1, 1, 0, 1, 1]) > 0
    parts = many()
    one, other = pair(WORLD, *parts[:2]), pair(WORLD, *parts[2:])
    TwoSenses(WORLD, torch.ones(6) > 0, 0.1).variant(one, other, near).backward()
    assert not parts[0].grad[3].any() and parts[0].grad[2].any()


def test_processes_together_have_the_loss_and_the_gradient_of_one():
    heard, apart = torch.tensor([1, 0, 1, 1, 1, 1]) > 0, torch.tensor([0, 1, 1, 0, 1, 1]) > 0
    whole = many()
    single = total(
        TwoSenses(WORLD, heard, 0.1), pair(WORLD, *whole[:2]), pair(WORLD, *whole[2:]), apart
    )
    single.backward()
    split, losses = many(), []
    for rank in range(2):
        rows = slice(3 * rank, 3 * rank + 3)
        # Stands in for a process: what it gathers is what both have.
        world = SimpleNamespace(rank=rank, size=2, gather=gatherer(rows, [heard, apart & heard]))
        own = [
            Pair(one[rows], two[rows], one.detach(), two.detach())
            for one, two in (split[:2], split[2:])
        ]
        losses.append(total(TwoSenses(world, heard[rows], 0.1), *own, apart[rows]))
    mean = (losses[0] + losses[1]) / 2
    mean.backward()
    assert mean.item() == pytest.approx(single.item(), rel=1e-12)
    for one, other in zip(whole, split, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-12, atol=1e-14)


def gatherer(rows, known):
    """Gives the whole of the tensor whose rows a process has."""
    return lambda part: next(whole for whole in known if torch.equal(whole[rows], part))


def test_shares_are_counted_among_heard_videos():
    eye = torch.eye(4, dtype=torch.float64)
    one, other = pair(WORLD, eye, eye[[0, 1, 3, 2]]), pair(WORLD, eye, eye[[1, 1, 2, 2]])
    losses = TwoSenses(WORLD, torch.tensor([True, True, True, False]), 0.1)
    assert losses.found(one).item() == pytest.approx(2 / 3)
    # Right and wrong are equal for 1, the wrong is nearer for 2.
    assert losses.told(one, other).item() == pytest.approx(1.5 / 3)


def test_vectors_of_any_length_become_unit_pairs_by_slot():
    slots = [(0, False), (0, True)]
    videos, sounds = torch.tensor([[3.0, 4], [0, 2], [5, 0], [-1, 0]]), torch.ones(4, 4)
    found = pairs_of(WORLD, slots, videos, sounds)
    assert list(found) == slots
    assert found[0, False].video.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [1, 0]]
    assert found[0, True].videos.tolist() == [[0, 1], [-1, 0]]
    assert found[0, True].sound.tolist() == [[0.5] * 4] * 2
