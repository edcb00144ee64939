"""Channels of Inception-v1's nine blocks, at any width. No torch."""

PUBLISHED_WIDTH = 64
"""Channels of the first convolution in the published networks."""

Branches = tuple[int, int, int, int, int, int]
"""Channels of a block: 1x1; 1x1, then 3x3; 1x1, then 3x3; the 1x1 after the pool."""

_MULTIPLE = 4

_BLOCKS: dict[str, Branches] = {
    "3b": (64, 96, 128, 16, 32, 32),
    "3c": (128, 128, 192, 32, 96, 64),
    "4b": (192, 96, 208, 16, 48, 64),
    "4c": (160, 112, 224, 24, 64, 64),
    "4d": (128, 128, 256, 24, 64, 64),
    "4e": (112, 144, 288, 32, 64, 64),
    "4f": (256, 160, 320, 32, 128, 128),
    "5b": (256, 160, 320, 32, 128, 128),
    "5c": (384, 192, 384, 48, 128, 128),
}


def scaled(channels: int, width: int) -> int:
    """A channel count of the published network at another width: a multiple of 4, at least 4."""
    return max(1, int(channels * width / PUBLISHED_WIDTH / _MULTIPLE + 0.5)) * _MULTIPLE


PLACES = tuple(_BLOCKS)
"""Where a block stands, in order: group 3, 4 or 5, and a letter."""


def branches(place: str, width: int) -> Branches:
    """Channels of the block at a place, at a width."""
    a, b0, b1, c0, c1, d = (scaled(channels, width) for channels in _BLOCKS[place])
    return a, b0, b1, c0, c1, d


def outputs(block: Branches) -> int:
    """Output channels of a block: those of its four branches."""
    a, _, b, _, c, d = block
    return a + b + c + d


def blocks(width: int) -> dict[str, tuple[int, Branches]]:
    """Input channels and branches of each block, by its place ("3b" to "5c"), in order."""
    sizes, inputs = {}, scaled(192, width)
    for place in PLACES:
        sizes[place] = inputs, branches(place, width)
        inputs = outputs(branches(place, width))
    return sizes


def feature_dim(width: int) -> int:
    """Output channels of the last block: 1024 at the published width."""
    return outputs(branches(PLACES[-1], width))
