import math

import pytest
import torch

from fame.pretext.toolbox.losses.classify import classify


@pytest.mark.parametrize(
    ("given", "computed"), [("bfloat16", "float32"), ("float32", "float32"), ("float64", "float64")]
)
def test_the_loss_has_float32_at_least(given, computed):
    logits = torch.zeros(3, 4, dtype=getattr(torch, given))
    logits[0, 1] = 2
    loss, right = classify(logits, torch.tensor([1, 0, 3]))
    assert loss.dtype == getattr(torch, computed)
    by_hand = (math.log(1 + 3 * math.exp(-2)) + 2 * math.log(4)) / 3
    assert loss.item() == pytest.approx(by_hand, rel=1e-6)
    assert right.item() == pytest.approx(2 / 3)
