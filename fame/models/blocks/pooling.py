"""Max pools of encoders that leave the end of an odd map out."""

from torch import Tensor, nn

from fame.core.errors import FameError


class Pool3d(nn.MaxPool3d):
    """A MaxPool3d that says what to change if its input is too small.

    Shape:
        (B, C, t, h, w) -> (B, C, t / stride, h / stride, w / stride), as MaxPool3d has it.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Pool; raises `FameError` if the window does not fit once into the padded input."""
        window, padding = _triple(self.kernel_size), _triple(self.padding)
        sizes = zip(input.shape[2:], window, padding, strict=True)
        if any(size + 2 * pad < kernel for size, kernel, pad in sizes):
            raise FameError(
                f"a map of {_times(input.shape[2:])} (frames, height, width) is too small for the "
                f"encoder's pool of {_times(window)}; give the backbone more `frames` or a larger "
                "`size`"
            )
        return super().forward(input)


def _triple(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return (value,) * 3 if isinstance(value, int) else tuple(value)


def _times(sizes: tuple[int, ...]) -> str:
    return " x ".join(map(str, sizes))
