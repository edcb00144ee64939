"""Calls of a network recorded as CUDA graphs, so that the host orders each by one launch.

A training step of R(2+1)D-18 has 4,000 kernels. To launch them one by one took the host of an H200
274 ms, and the GPU 243 ms to run them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from fame.core.errors import FameError

Call = Callable[[Tensor], Tensor]


class _Call(nn.Module):
    """One call of a network; each keeps its own activations."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, clips: Tensor) -> Tensor:
        output: Tensor = self.network(clips)
        return output


def replayed(networks: Sequence[nn.Module], clips: Tensor, bfloat16: bool) -> list[Call]:
    """Record a training call of each network, and its gradient where it has parameters to train.

    What is replayed is the same kernels on the same memory: results are the same bits. Parameters
    and buffers may change in place later, but must not be replaced. The calls of one step must
    come in the order given here, and their gradients in the opposite one.

    Args:
        networks: in training mode, on a GPU; one that is called twice in a step is given twice.
        clips: of the shape and dtype of every later call, on the GPU, without gradient.
        bfloat16: whether the calls are made under autocast to bfloat16.

    Returns:
        What to call instead of each network. Outputs are overwritten by the next replay.

    Raises:
        FameError: the network cannot be recorded.
        torch.OutOfMemoryError: its activations do not fit.
    """
    buffers = {buffer for network in networks for buffer in network.buffers()}
    before = [(buffer, buffer.clone()) for buffer in buffers]
    calls = tuple(_Call(network) for network in networks)
    # Autocast keeps no copies of weights here: they would be those of the recording.
    with torch.autocast("cuda", torch.bfloat16, enabled=bfloat16, cache_enabled=False):
        try:
            inputs = tuple((clips.clone(),) for _ in calls)  # one each, which its gradient reads
            recorded: Any = torch.cuda.make_graphed_callables(calls, inputs)
        except torch.OutOfMemoryError:  # says so itself, and a smaller batch may do
            raise
        except RuntimeError as error:
            raise FameError(
                f"the network's calls cannot be recorded as CUDA graphs ({error}); "
                "set resources.cuda_graphs to false"
            ) from error
    # Running statistics have seen the calls before the recording.
    with torch.no_grad():
        for buffer, value in before:
            buffer.copy_(value)
    return list(recorded)
