"""Foreground masks by name: `fame`, `gauss`, `grid`, `seed`, or your own file.

Every variant is a module with `mask(clips, beta, **options)` and `soft_map(clips, **options)`. Both
map (B, 3, T, H, W) float clips in [0, 1] to (B, H, W) floats in [0, 1], 1 = foreground. They are
pure, batched and without gradients, and run on the clips' device in the clips' precision.
"""

from typing import Any

from fame.core import registry


def get(name: str, attribute: str = "mask") -> Any:
    """A variant's function.

    Args:
        name: a module of this package, or the path of a `.py` file that defines `attribute`.
        attribute: `mask` or `soft_map`.

    Raises:
        FameError: no such variant or file, or it does not define `attribute`.
    """
    return registry.load(__name__, name, attribute)
