"""A stride of the recipe's options, in place of the backbone's: of methods as published."""

from typing import Any

from fame.data.clips.sampling import window


class OwnStride:
    """The part of a method whose options may name a `stride`; stands before `Method` as a base.

    Attributes:
        options: of the recipe, whose model has a `stride` in some protocols only.
    """

    options: Any

    def own_stride(self, stride: int) -> int:
        """The options' stride if there is one, else the backbone's, which is given."""
        chosen: int = getattr(self.options, "stride", stride)
        return chosen

    def span(self, frames: int, stride: int) -> int:
        """The window of a clip of so many frames."""
        return window(frames, self.own_stride(stride))
