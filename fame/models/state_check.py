"""Check that weights fit a network; one clear sentence if they do not."""

from collections.abc import Mapping

from torch import Tensor

from fame.core.errors import FameError

_SHOWN = 3


def check_state(
    weights: Mapping[str, Tensor], expected: Mapping[str, Tensor], name: str, remedy: str
) -> None:
    """Check that two state dicts have the same keys and shapes.

    Args:
        weights: the file's content.
        expected: the network's; tensors on the meta device suffice.
        name: the file, for the message.
        remedy: what the user can do, for the message.

    Raises:
        FameError: names the file and the first missing, unexpected and mismatched keys.
    """
    faults = [
        _list("missing", [key for key in expected if key not in weights]),
        _list("unexpected", [key for key in weights if key not in expected]),
        _list("of another shape", _mismatches(weights, expected)),
    ]
    text = "; ".join(fault for fault in faults if fault)
    if text:
        raise FameError(f"{name} does not fit the encoder: {text}; {remedy}")


def _mismatches(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    return [
        f"{key} {tuple(weights[key].shape)} instead of {tuple(tensor.shape)}"
        for key, tensor in expected.items()
        if key in weights and weights[key].shape != tensor.shape
    ]


def _list(fault: str, keys: list[str]) -> str:
    if not keys:
        return ""
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return f"{fault}: {', '.join(keys[:_SHOWN])}{more}"
