"""Image similarity: PSNR, and SSIM of the luma (Wang et al., 2004) over 8x8 blocks."""

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

_BLOCK = 8
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_LUMA = np.array([0.299, 0.587, 0.114])


def psnr(one: Picture, other: Picture) -> float:
    """Peak signal-to-noise ratio in dB of arrays of equal shape, values 0 to 255; inf if equal."""
    error = np.square(one.astype(np.float64) - other).mean()
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(one: Picture, other: Picture) -> float:
    """Structural similarity in [-1, 1] of (H, W, 3) RGB pictures with sides of at least 8 pixels.

    The mean over non-overlapping blocks; rows and columns beyond whole blocks are ignored.
    """
    a, b = _blocks(one), _blocks(other)
    mean_a, mean_b = a.mean(1), b.mean(1)
    variance_a, variance_b = a.var(1), b.var(1)
    covariance = (a * b).mean(1) - mean_a * mean_b
    numerator = (2 * mean_a * mean_b + _C1) * (2 * covariance + _C2)
    denominator = (mean_a**2 + mean_b**2 + _C1) * (variance_a + variance_b + _C2)
    return float((numerator / denominator).mean())


def _blocks(picture: Picture) -> npt.NDArray[np.float64]:
    """(blocks, 64) luma."""
    luma = picture @ _LUMA
    rows, columns = (side // _BLOCK for side in luma.shape)
    cut = luma[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return np.asarray(cut.swapaxes(1, 2).reshape(rows * columns, _BLOCK**2))
