"""CBT's transformer: what it sees of a sequence."""

import pytest
import torch

from fame.core.errors import FameError
from fame.pretext.toolbox.heads.context import Context


@pytest.fixture
def context():
    torch.manual_seed(0)
    return Context(count=3, width=8, layers=2, heads=2, hidden=16)


def test_the_masked_vector_is_not_seen_and_all_others_are(context):
    vectors = torch.randn(2, 3, 8, requires_grad=True)
    masked = torch.tensor([1, 2])
    found = context(vectors, masked, torch.ones(2, 3, 8))
    assert found.shape == (2, 8)
    found[:, 0].sum().backward()
    seen = vectors.grad.abs().sum(dim=2) > 0
    assert seen.tolist() == [[True, False, True], [True, True, False]]
    assert context.unknown.grad.any() and context.positions.grad.any(dim=1).all()


def test_order_matters(context):
    vectors, ones = torch.randn(1, 3, 8), torch.ones(1, 3, 8)
    masked = torch.tensor([1])
    one, other = context(vectors, masked, ones), context(vectors.flip(1), masked, ones)
    assert (one - other).abs().max() > 1e-4


def test_it_draws_nothing_itself(context):
    context.train()
    vectors, masked, ones = torch.randn(1, 3, 8), torch.tensor([0]), torch.ones(1, 3, 8)
    assert torch.equal(context(vectors, masked, ones), context(vectors, masked, ones))


def test_dropped_inputs_are_not_seen(context):
    vectors = torch.randn(1, 3, 8, requires_grad=True)
    keep = torch.ones(1, 3, 8)
    keep[0, 2, 5] = 0
    context(vectors, torch.tensor([0]), keep)[:, 0].sum().backward()
    assert vectors.grad[0, 2, 5] == 0 and vectors.grad[0, 2, 4] != 0


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(FameError, match=r"3 heads cannot share 8 channels; set options\.heads"):
        Context(3, 8, 1, 3, 16)
