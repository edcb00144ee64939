import pytest
import torch

from fame.pretext.toolbox.heads.rebuild import RateHead, decoder, error_of, target_of


def test_shapes_and_size_at_full_width():
    with torch.device("meta"):
        parts = decoder(512), RateHead(512, 4)
        maps = torch.zeros(2, 512, 2, 7, 7)
    assert parts[0](maps).shape == (2, 3, 32, 112, 112)
    assert parts[1](maps).shape == (2, 4)
    size = sum(p.numel() for part in parts for p in part.parameters())
    assert size == pytest.approx(21.6e6, rel=2e-3)


def test_a_narrow_decoder_ends_in_pictures():
    output = decoder(4)(torch.randn(2, 4, 1, 1, 2, generator=torch.Generator().manual_seed(0)))
    assert output.shape == (2, 3, 16, 16, 32)
    assert output.min() == 0


def test_the_target_by_hand():
    clip = torch.tensor([[0.0, 0.4], [0.2, 0.6]])[:, None, :, None, None].expand(2, 3, 2, 1, 1)
    between = torch.tensor([[0.4, 0.8], [0.3, 0.7]])[:, None, :, None, None].expand(2, 3, 2, 1, 1)
    target, weights = target_of(clip, between, torch.tensor([True, False]))
    # At rate 1: a, (a + b) / 2, b, (b + c) / 2, and the means do not count.
    torch.testing.assert_close(target[0, 0].flatten(), torch.tensor([0.0, 0.2, 0.4, 0.6]))
    torch.testing.assert_close(target[1, 2].flatten(), torch.tensor([0.2, 0.3, 0.6, 0.7]))
    assert weights.tolist() == [[0.5, 0, 0.5, 0], [0.25, 0.25, 0.25, 0.25]]


def test_the_error_by_hand():
    """Two counted pixels: weight 2 and error 0.5, weight 0.8 and error 1."""
    target = torch.zeros(1, 3, 2, 1, 2)
    output = target.clone()
    output[0, :, 0, 0] = torch.tensor([0.5, 1])
    output[0, :, 1] = 9
    motion = torch.tensor([2.0, 0.8]).expand(1, 3, 2, 1, 2)
    error = error_of(output, target, motion, torch.tensor([[1.0, 0]]))
    assert error.item() == pytest.approx(0.65)
