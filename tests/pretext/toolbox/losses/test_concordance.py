"""Concordance: pairs by hand, equal labels, and a guess."""

import torch

from fame.pretext.toolbox.losses.concordance import concordance


def test_pairs_by_hand():
    labels = torch.tensor([[1], [2], [2], [5]])
    # Of five pairs with different labels, two are the wrong way round.
    predicted = torch.tensor([[0.5], [0.1], [0.7], [0.6]])
    assert concordance(predicted, labels) == 3 / 5
    assert concordance(labels.float(), labels) == 1 and concordance(-labels, labels) == 0


def test_columns_are_compared_together_by_their_pairs():
    labels = torch.tensor([[1, 1], [2, 1], [3, 2]])
    predicted = torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, -1.0]])
    assert concordance(predicted, labels) == 3 / 5


def test_equal_labels_and_equal_predictions_are_chance():
    constant = torch.ones(4, 2)
    assert concordance(torch.rand(4, 2), constant) == 0.5
    assert concordance(constant, torch.rand(4, 2)) == 0.5


def test_a_guess_has_a_half_whatever_the_labels():
    generator = torch.Generator().manual_seed(0)
    labels = (torch.rand(400, 3, generator=generator) < 0.1).long()
    guesses = torch.randn(400, 3, generator=generator)
    assert abs(concordance(guesses, labels).item() - 0.5) < 0.05
