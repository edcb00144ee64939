"""NT-Xent by hand."""

import pytest
import torch

from fame.pretext.toolbox.nt_xent import nt_xent

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
