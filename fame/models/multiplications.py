"""How much an encoder computes: multiplications of one clip's forward pass."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from fame.config.scale import Backbone
from fame.models import build_encoder


def multiplications(backbone: Backbone) -> int | None:
    """Multiplications of one clip, counted without computing them (on PyTorch's meta device).

    As in docs/backbones.md: convolutions and matrix products; BatchNorm, ReLU and pools are left
    out. PyTorch counts a multiplication and an addition as two operations.

    Args:
        backbone: the architecture, and the frames and size of a clip.

    Returns:
        None for an architecture that does not run on the meta device, such as a plug-in whose
        layers look at values.
    """
    try:
        with torch.device("meta"), torch.no_grad():
            encoder = build_encoder(backbone.encoder, seed=0).eval()
            clip = torch.empty(1, 3, backbone.frames, backbone.size, backbone.size)
            with FlopCounterMode(display=False) as counter:
                encoder.maps(clip)
    except Exception:  # whatever a plug-in does there, counting must not cost a finished training
        return None
    return int(counter.get_total_flops()) // 2
