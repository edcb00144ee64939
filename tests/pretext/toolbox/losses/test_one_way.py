"""A loss that trains what comes before the values, and nothing after them."""

import torch

from fame.pretext.toolbox.losses.one_way import only_through


def test_the_gradient_goes_through_the_values_only():
    before, after = torch.tensor(2.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
    values = before * torch.tensor([1.0, 3.0])
    loss = (after * values**2).sum()
    term = only_through(loss, values)
    assert term.item() == 0
    (term + 7 * after).backward()
    # d loss / d values = 2 * 5 * (2, 6); times (1, 3)
    assert before.grad.item() == 200 and after.grad.item() == 7


def test_without_gradients_there_is_nothing():
    with torch.no_grad():
        assert only_through(torch.tensor(3.0), torch.ones(2)).item() == 0
