"""Contrast of pairs by hand, with and without own negatives, and NT-Xent."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from fame.pretext.toolbox.losses.pairs import contrast_pairs, nt_xent

FIRST = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
SECOND = torch.tensor([[0.8, 0.6], [-0.6, 0.8]])
OWN = torch.tensor([[[0.0, 1.0], [0.6, 0.8]], [[1.0, 0.0], [0.8, -0.6]]])


def terms(*parts):
    return cross_entropy(*contrast_pairs(*parts), reduction="none")


def test_by_hand():
    found = terms(FIRST, SECOND, 0.5).view(2, 2).T.flatten()  # video by video
    expected = [0.233257, 0.627123, 0.627123, 0.233257]
    assert found.tolist() == pytest.approx(expected, abs=2e-6)


def test_own_negatives_by_hand():
    found = terms(FIRST, SECOND, 0.5, OWN).view(2, 2).T.flatten()
    expected = [0.758431, 1.366006, 0.758431, 0.302410]
    assert sorted(found.tolist()) == pytest.approx(sorted(expected), abs=2e-6)
    assert found.mean().item() == pytest.approx(0.796319, abs=2e-6)


def test_it_has_a_gradient_though_a_clip_is_not_its_own_negative():
    first = FIRST.clone().requires_grad_()
    terms(first, SECOND, 0.5).mean().backward()
    assert first.grad.isfinite().all() and first.grad.any()


EQUAL = 0.5**0.5
# views x videos x segments
SERIES = torch.tensor(
    [
        [[[1.0, 0.0], [0.0, 1.0]], [[-1.0, 0.0], [EQUAL, EQUAL]]],
        [[[EQUAL, EQUAL], [0.0, 1.0]], [[-EQUAL, EQUAL], [0.0, -1.0]]],
    ]
)


def test_the_loss_of_mean_segments_by_hand():
    first, second = SERIES.mean(dim=2)
    loss, right = nt_xent(first, second, 0.5)
    assert loss.item() == pytest.approx(0.775796, abs=1e-5)
    similarities = torch.cat([first, second]) @ first[0]
    expected = torch.tensor([0.5, 0.103553, 0.603553, -0.25])
    torch.testing.assert_close(similarities, expected, atol=1e-5, rtol=0)
    assert 0 <= right.item() <= 1


def test_rows_one_after_the_other():
    generator = torch.Generator().manual_seed(0)
    first, second = torch.rand(2, 5, 3, generator=generator, dtype=torch.float64)
    vectors, total = torch.cat([first, second]), 0.0
    for row in range(10):
        others = [other for other in range(10) if other != row]
        logits = vectors[others] @ vectors[row] / 0.07
        total += (logits.logsumexp(0) - vectors[(row + 5) % 10] @ vectors[row] / 0.07).item()
    assert nt_xent(first, second, 0.07)[0].item() == pytest.approx(total / 10, rel=1e-9)


def test_partners_that_are_closest_are_right():
    vectors = torch.eye(3)
    assert nt_xent(vectors, vectors, 0.1)[1].item() == 1
    assert nt_xent(vectors, vectors.roll(1, 0), 0.1)[1].item() == 0
