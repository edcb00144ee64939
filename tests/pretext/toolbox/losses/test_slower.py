import torch

from fame.pretext.toolbox.losses.slower import slower


def test_the_value_stays_and_the_gradient_shrinks():
    x = torch.tensor(3.0, requires_grad=True)
    loss = slower(x**2, 0.25)
    assert loss.item() == 9
    loss.backward()
    assert x.grad.item() == 1.5
