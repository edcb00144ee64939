"""An encoder with several heads."""

import torch
from slow_moco import Tiny
from torch import nn

from fame.pretext.toolbox.heads.branches import Branches


def test_outputs_stand_side_by_side():
    encoder, heads = Tiny(), [nn.Linear(4, 2), nn.Linear(4, 2)]
    clips = torch.rand(3, 3, 2, 4, 4)
    expected = torch.cat([head(encoder(clips)) for head in heads], dim=1)
    torch.testing.assert_close(Branches(encoder, heads)(clips), expected)
