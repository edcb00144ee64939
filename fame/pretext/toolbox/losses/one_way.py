"""A loss for one part of a network only, within a step of a single optimiser."""

import torch
from torch import Tensor


def only_through(loss: Tensor, values: Tensor) -> Tensor:
    """A term of value 0 whose gradient is that of `loss` with respect to `values`, and no other.

    What `values` were computed from is trained by `loss`; whatever else `loss` depends on, such as
    the weights of a network between the two, is not.

    Args:
        loss: a scalar that depends on `values`; its graph is kept.
        values: with gradient.

    Returns:
        A scalar; without gradient where gradients are off.
    """
    if not torch.is_grad_enabled():
        return loss.new_zeros(())
    (gradient,) = torch.autograd.grad(loss, values, retain_graph=True)
    term = (values * gradient).sum()
    return term - term.detach()
