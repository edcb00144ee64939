"""Separable Gaussian blur with one sigma for all images or one per sample.

The authors blur motion maps, posteriors and views with kornia's `gaussian_blur2d`: a truncated,
normalised kernel and borders mirrored without repeating the edge pixel. Here the blur is a sum of
shifted copies rather than a convolution, so that a sample's result does not depend on its batch,
nor on TF32 or autocast on a GPU.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def kernel_size(crop: int) -> int:
    """The authors' kernel length for a crop of this many pixels: a tenth of it, made odd.

    Source: facts A1 step 2 and A5; 11 for 112, 23 for 224.
    """
    return 2 * (int(0.1 * crop) // 2) + 1


def kernel(size: int, sigma: Tensor) -> Tensor:
    """Gaussian weights that sum to 1, centred on the middle of `size` pixels.

    Args:
        size: number of weights; even sizes are centred between two pixels.
        sigma: (N,) float, standard deviations in pixels.

    Returns:
        (N, size), dtype and device of `sigma`.
    """
    offset = torch.arange(size, dtype=sigma.dtype, device=sigma.device) - (size - 1) / 2
    weights = torch.exp(-0.5 * (offset / sigma[:, None]) ** 2)
    return weights / weights.sum(1, keepdim=True)


def _slide(stack: Tensor, weights: Tensor, dim: int) -> Tensor:
    size = weights.shape[1]
    length = stack.shape[dim] - size + 1
    total = torch.zeros_like(stack.narrow(dim, 0, length))
    for offset in range(size):
        total.addcmul_(stack.narrow(dim, offset, length), weights[:, offset, None, None, None])
    return total


def blur(images: Tensor, size: int, sigma: float | Tensor) -> Tensor:
    """Blur the last two axes.

    Args:
        images: (B, ..., H, W) float with H and W above `size // 2`.
        size: kernel length in pixels, odd.
        sigma: standard deviation in pixels, one number or (B,) floats.

    Returns:
        The same shape and dtype.
    """
    sigmas = torch.as_tensor(sigma, dtype=images.dtype, device=images.device).reshape(-1)
    weights = kernel(size, sigmas)
    stack = images.reshape(len(images), -1, *images.shape[-2:])
    stack = F.pad(stack, (size // 2,) * 4, mode="reflect")
    return _slide(_slide(stack, weights, -2), weights, -1).reshape(images.shape)
