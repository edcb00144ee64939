"""A long clip cut in time into blocks, of which the first are read and the last predicted."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import relu

from fame.core.errors import FameError


def blocks_of(method: str, frames: int, length: int, predicted: int) -> int:
    """The number of blocks of a clip, of which at least one is read.

    Args:
        method: for messages.
        frames: of the clip.
        length: frames of a block.
        predicted: blocks to predict.

    Raises:
        FameError: the clip is too short, or cannot be cut into whole blocks.
    """
    least = length * (predicted + 1)
    if frames < least:
        raise FameError(
            f"the method {method!r} needs {least} frames to read a block of {length} and predict "
            f"{predicted}, and its backbone's clips have {frames}; raise `frames` of that "
            "backbone, or lower options.length or options.predicted"
        )
    if frames % length:
        raise FameError(
            f"the method {method!r} cannot cut clips of {frames} frames into blocks of {length}; "
            "set options.length to a divisor, or change `frames` of the backbone"
        )
    return frames // length


def in_blocks(clips: Tensor, blocks: int) -> tuple[Tensor, ...]:
    """Clips (B, C, T, H, W) -> their blocks in order, each (B, C, T / blocks, H, W).

    To be encoded one after the other: in one batch, video by video, a BatchNorm group could hold
    nothing but blocks of one video, and BatchNorm would subtract what is of that video.
    """
    return clips.chunk(blocks, dim=2)


def continued(
    gru: Callable[[Tensor, Tensor], Tensor],
    predict: Callable[[Tensor], Tensor],
    maps: Tensor,
    keep: Tensor,
    count: int,
) -> Tensor:
    """The last maps of a sequence, predicted from those before and then from predictions.

    Args:
        gru: (input, state) -> the next state, each (B, C, h, w); it is given positive parts.
        predict: a state -> the next map.
        maps: (B, N, C, h, w), signed.
        keep: (B, N - 1, C, h, w), the factors of dropout of the state after each step.
        count: maps to predict, P < N.

    Returns:
        (B, P, C, h, w).
    """
    last = maps.shape[1] - count - 1
    state, made = torch.zeros_like(maps[:, 0]), list[Tensor]()
    for step in range(maps.shape[1] - 1):
        given = maps[:, step] if step <= last else made[-1]
        state = gru(relu(given), state) * keep[:, step]
        if step >= last:
            made.append(predict(state))
    return torch.stack(made, dim=1)
