"""One clear sentence when weights do not fit a network."""

from collections.abc import Mapping

from torch import Tensor

from fame.core.errors import FameError

_SHOWN = 3


def check_state(
    found: Mapping[str, Tensor], expected: Mapping[str, Tensor], name: str, remedy: str
) -> None:
    """Checks that two state dicts have the same keys and shapes.

    Args:
        found: what a file holds.
        expected: what the network wants; tensors on the meta device will do.
        name: the file, for the message.
        remedy: what the user can do, for the message.

    Raises:
        FameError: names the file and the first missing, unexpected and mismatched keys.
    """
    faults = [
        _list("missing", [key for key in expected if key not in found]),
        _list("unexpected", [key for key in found if key not in expected]),
        _list("of another shape", _mismatches(found, expected)),
    ]
    text = "; ".join(fault for fault in faults if fault)
    if text:
        raise FameError(f"{name} does not fit the encoder: {text}; {remedy}")


def _mismatches(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    return [
        f"{key} {tuple(found[key].shape)} instead of {tuple(tensor.shape)}"
        for key, tensor in expected.items()
        if key in found and found[key].shape != tensor.shape
    ]


def _list(fault: str, keys: list[str]) -> str:
    if not keys:
        return ""
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return f"{fault}: {', '.join(keys[:_SHOWN])}{more}"
