"""How much an encoder computes: multiplications of one clip's forward pass."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from fame.config.scale import Backbone
from fame.models import build_encoder


def multiplications(backbone: Backbone) -> int | None:
    """Multiplications of one clip, counted while a black one is encoded on the CPU.

    As in docs/backbones.md: convolutions and matrix products, by PyTorch's own formulas; BatchNorm,
    ReLU and pools are left out.

    Args:
        backbone: the architecture, and the frames and size of a clip.

    Returns:
        None for an architecture that fails on such a clip.
    """
    try:
        encoder = build_encoder(backbone.encoder, seed=0).eval()
        clip = torch.zeros(1, 3, backbone.frames, backbone.size, backbone.size)
        with torch.no_grad(), _Counter() as counter:
            encoder.maps(clip)
    except Exception:  # whatever a plug-in does there, counting must not cost a finished training
        return None
    return counter.found


class _Counter(TorchDispatchMode):
    """What `torch.utils.flop_counter.FlopCounterMode` counts, without importing the compiler.

    That takes as long as a small training. Nor is it counted on PyTorch's meta device, whose
    operations import the compiler as well.

    Attributes:
        found: multiplications up to now.
    """

    def __init__(self) -> None:
        # Imported when needed, because it imports Triton.
        from torch.utils.flop_counter import flop_registry

        super().__init__()
        self.found = 0
        self._formulas = flop_registry

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: to be left out by the compiler, PyTorch imports it."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation, and count its multiplications: half of PyTorch's operations."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        formula = self._formulas.get(func.overloadpacket)
        if formula is not None:
            self.found += int(formula(*args, **kwargs, out_val=result)) // 2
        return result
