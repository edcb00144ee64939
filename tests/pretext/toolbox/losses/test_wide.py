"""The type in which losses are computed."""

import pytest
import torch

from fame.pretext.toolbox.losses.wide import wide


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_nothing_is_narrower_than_float32_or_becomes_narrower(given, expected):
    assert wide(torch.ones(2, dtype=given)).dtype == expected
