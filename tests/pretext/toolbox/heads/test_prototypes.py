"""Prototypes: swapped prediction by hand, their length, and when they stand still."""

import pytest
import torch

from fame.pretext.toolbox.heads.prototypes import Prototypes, swapped


def test_swapped_prediction_by_hand():
    codes = [torch.tensor([[0.8, 0.2]]), torch.tensor([[0.6, 0.4]])]
    scores = [torch.tensor([[0.3, 0.1]]), torch.tensor([[0.2, 0.2]])]
    assert swapped(scores, codes, 0.1).item() == pytest.approx(0.810038, abs=1e-6)


def test_scores_are_cosines_of_prototypes_of_length_one():
    model = Prototypes(3, 5, 2, 4)
    model.rows.weight.data *= 7
    scores = model(torch.rand(6, 3), still=False)
    assert scores.shape == (6, 4) and scores.abs().max() <= 1 + 1e-6
    torch.testing.assert_close(model.rows.weight.norm(dim=1), torch.ones(4))


@pytest.mark.parametrize("still", [True, False])
def test_prototypes_stand_still_when_told(still):
    model = Prototypes(3, 5, 2, 4)
    model(torch.rand(6, 3), still=still).sum().backward()
    assert (model.rows.weight.grad is None) == still
    assert model.head[0].weight.grad is not None
