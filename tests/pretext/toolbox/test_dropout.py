from dataclasses import replace

import torch
from slow_moco import batch

from fame.pretext.toolbox.dropout import kept


def test_factors_are_keyed_by_video_and_epoch():
    videos = batch()
    factors = kept(3, videos, 400, 0.25)
    assert factors.shape == (6, 400)
    assert set(factors.flatten().tolist()) == {0, 1 / 0.75}
    assert abs((factors == 0).double().mean().item() - 0.25) < 4 * (0.25 * 0.75 / 2400) ** 0.5
    part = replace(videos, epochs=videos.epochs[2:4], indices=videos.indices[2:4])
    assert torch.equal(kept(3, part, 400, 0.25), factors[2:4])
    later = replace(videos, epochs=videos.epochs + 1)
    assert not torch.equal(kept(3, later, 400, 0.25), factors)
    assert torch.equal(kept(3, videos, 4, 0), torch.ones(6, 4, dtype=torch.float64))
