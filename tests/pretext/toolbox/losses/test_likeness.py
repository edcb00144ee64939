"""The graph of a batch by hand, and its loss."""

import pytest
import torch

from fame.pretext.toolbox.losses.likeness import follow_graph, likeness

ALIKE = torch.tensor([[0.9, 0.5, 0.1], [0.4, 0.8, 0.3], [0.0, 0.6, 0.7]])
BELOW = torch.tensor([[0.6, 0.2, 0.1], [0.1, 0.7, 0.2], [0.3, 0.1, 0.5]])
UNIT = torch.eye(3)
"""With it as the second clips, similarities are the first clips' coordinates."""


def test_by_hand():
    graph = likeness(ALIKE, UNIT, torch.tensor([0, 0, 1]), 0.25, 0.5)
    expected = [0.689974, 0.310026, 0, 0, 1, 0, 0, 0, 1]
    assert graph.flatten().tolist() == pytest.approx(expected, abs=1e-6)
    rows = follow_graph(BELOW, UNIT, graph, 0.5)
    assert rows.mean().item() == pytest.approx(0.702947, abs=1e-6)
    assert rows.mean().item() / 3 == pytest.approx(0.234316, abs=1e-6)


def test_the_own_video_stays_below_the_threshold_too():
    graph = likeness(ALIKE.flip(0), UNIT, torch.zeros(3, dtype=torch.int64), 1.0, 0.5)
    torch.testing.assert_close(graph, torch.eye(3))
