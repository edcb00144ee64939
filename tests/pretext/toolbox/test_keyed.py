"""Orders and dropout keyed by video and epoch."""

from dataclasses import replace

import torch
from random_batch import batch
from slow_moco import batch as six_videos

from fame.pretext.toolbox.keyed import kept, orders


def test_an_order_depends_on_seed_purpose_epoch_and_video_only():
    whole = orders(0, "turn", batch(), 4)
    assert torch.equal(whole.sort(dim=1).values, torch.arange(4).expand(8, 4))
    assert torch.equal(orders(0, "turn", batch(rows=slice(2, 5)), 4), whole[2:5])
    later = replace(batch(), epochs=batch().epochs + 1)
    others = [orders(1, "turn", batch(), 4), orders(0, "else", batch(), 4)]
    others.append(orders(0, "turn", later, 4))
    assert not any(torch.equal(whole, other) for other in others)


def test_all_orders_are_equally_likely():
    places = torch.arange(8)
    counts = torch.zeros(6)
    for start in range(0, 3000, 8):
        drawn = orders(0, "turn", replace(batch(), indices=places + start), 3)
        counts += torch.bincount(drawn[:, 0] * 2 + (drawn[:, 1] > drawn[:, 2]), minlength=6)
    expected = counts.sum() / 6
    assert ((counts - expected) ** 2 / expected).sum() < 20.5  # 5 degrees, p = 0.001


def test_factors_are_keyed_by_video_and_epoch():
    videos = six_videos()
    factors = kept(3, videos, 400, 0.25)
    assert factors.shape == (6, 400)
    assert set(factors.flatten().tolist()) == {0, 1 / 0.75}
    assert abs((factors == 0).double().mean().item() - 0.25) < 4 * (0.25 * 0.75 / 2400) ** 0.5
    part = replace(videos, epochs=videos.epochs[2:4], indices=videos.indices[2:4])
    assert torch.equal(kept(3, part, 400, 0.25), factors[2:4])
    later = replace(videos, epochs=videos.epochs + 1)
    assert not torch.equal(kept(3, later, 400, 0.25), factors)
    assert torch.equal(kept(3, videos, 4, 0), torch.ones(6, 4, dtype=torch.float64))
