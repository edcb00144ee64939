import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from fame.pretext.toolbox.heads.order_head import OrderHead


def test_a_head_by_hand():
    head = OrderHead(2, 3, 6)
    head.pair.weight.data = torch.tensor([[1.0, 0, 0, 1], [0, -1, 1, 0]])
    head.pair.bias.data.zero_()
    head.linear.weight.data.zero_()
    head.linear.bias.data.zero_()
    head.linear.weight.data[4] = 1
    features = [torch.tensor([row]) for row in ([1.0, 0.0], [0.0, 1.0], [1.0, 1.0])]
    logits = head(features, torch.ones(1, 6))
    # The pairs give (2, 0), (2, 1) and (1, 0).
    assert logits.tolist() == [[0, 0, 0, 0, 6, 0]]
    assert cross_entropy(logits, torch.tensor([4])).item() == pytest.approx(0.012318, abs=1e-6)
    assert cross_entropy(logits, torch.tensor([0])).item() == pytest.approx(6.012318, abs=1e-6)
    dropped = head(features, torch.tensor([[0.0, 2, 2, 2, 2, 2]]))
    assert dropped[0, 4].item() == 2 * (2 + 1 + 1)
    assert math.isclose(sum(p.numel() for p in head.parameters()), 2 * 4 + 2 + 6 * 6 + 6)


def test_its_size_at_full_width():
    head = OrderHead(512, 3, 6)
    assert sum(p.numel() for p in head.pair.parameters()) == 1024 * 512 + 512
    assert sum(p.numel() for p in head.linear.parameters()) == 1536 * 6 + 6
