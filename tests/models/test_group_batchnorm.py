"""G groups in one call against G separate BatchNorms, and against NumPy."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from fame.core.errors import FameError
from fame.models import build_encoder
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.group_batchnorm import GroupBatchNorm, convert
from fame.models.heads import projection

BATCH_NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}


def random_norm(dims, channels, dtype=torch.float64):
    norm = BATCH_NORMS[dims](channels).to(dtype)
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2)
        norm.bias.uniform_(-1, 1)
        norm.running_mean.uniform_(-1, 1)
        norm.running_var.uniform_(0.5, 2)
    return norm


def pair(dims, channels, group, dtype=torch.float64):
    plain = random_norm(dims, channels, dtype)
    return plain, convert(copy.deepcopy(plain), group)


@settings(max_examples=20)
@given(
    dims=st.integers(1, 3), groups=st.integers(1, 4), group=st.integers(2, 4), seed=st.integers()
)
def test_one_call_equals_separate_batchnorms_exactly(dims, groups, group, seed):
    torch.manual_seed(seed % 2**32)
    plain, grouped = pair(dims, 3, group)
    x = torch.randn(groups * group, 3, *(2, 3, 2)[:dims], dtype=torch.float64)
    weights = torch.randn_like(x)
    together = x.clone().requires_grad_()
    output = grouped(together)
    (output * weights).sum().backward()
    parameter_gradient = torch.zeros(3, dtype=torch.float64)
    for index in range(groups):
        here = slice(index * group, (index + 1) * group)
        alone = copy.deepcopy(plain)
        part = x[here].clone().requires_grad_()
        expected = alone(part)
        (expected * weights[here]).sum().backward()
        parameter_gradient += alone.weight.grad
        assert torch.equal(output[here], expected)
        assert torch.equal(together.grad[here], part.grad)
        if index == 0:
            assert torch.equal(grouped.running_mean, alone.running_mean)
            assert torch.equal(grouped.running_var, alone.running_var)
    torch.testing.assert_close(grouped.weight.grad, parameter_gradient, rtol=1e-12, atol=1e-12)
    assert grouped.num_batches_tracked == 1


def test_against_numpy():
    torch.manual_seed(0)
    norm = GroupBatchNorm(2, group=3, dims=3)
    x = torch.randn(6, 2, 2, 2, 2)
    expected = np.empty(x.shape)
    for start in (0, 3):
        part = x[start : start + 3].double().numpy()
        mean = part.mean((0, 2, 3, 4), keepdims=True)
        expected[start : start + 3] = (part - mean) / np.sqrt(
            part.var((0, 2, 3, 4), keepdims=True) + 1e-5
        )
    np.testing.assert_allclose(norm(x).detach().numpy(), expected, rtol=1e-4, atol=1e-5)
    first = x[:3].double().numpy()
    np.testing.assert_allclose(
        norm.running_mean.numpy(), 0.1 * first.mean((0, 2, 3, 4)), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(
        norm.running_var.numpy(), 0.9 + 0.1 * first.var((0, 2, 3, 4), ddof=1), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("training", [True, False])
def test_one_group_and_evaluation_equal_batchnorm_bit_for_bit(dims, training):
    torch.manual_seed(dims)
    plain, grouped = pair(dims, 5, 4, torch.float32)
    plain.train(training), grouped.train(training)
    for _ in range(2):
        # In evaluation the batch need not be a multiple of the group.
        x = torch.randn(4 if training else 7, 5, *(3, 2, 2)[:dims])
        assert torch.equal(grouped(x), plain(x))
    for key, value in plain.state_dict().items():
        assert torch.equal(grouped.state_dict()[key], value), key


def test_only_the_holder_of_the_first_group_updates():
    norm = GroupBatchNorm(3, group=2, dims=1)
    before = copy.deepcopy(norm.state_dict())
    norm.update_running = False
    x = torch.randn(6, 3)
    silent = norm(x)
    norm(x[:2])
    assert all(torch.equal(norm.state_dict()[key], before[key]) for key in before)
    norm.update_running = True
    assert torch.equal(norm(x), silent)
    assert not torch.equal(norm.running_mean, before["running_mean"])


@pytest.mark.parametrize("batch", [0, 1, 5, 7])
def test_a_batch_that_cannot_be_cut_is_refused(batch):
    norm = GroupBatchNorm(3, group=4, dims=2)
    with pytest.raises(FameError, match=f"batch of {batch} clips .* multiple"):
        norm(torch.randn(batch, 3, 2, 2))


def test_impossible_groups_are_refused():
    with pytest.raises(FameError, match="at least 1"):
        GroupBatchNorm(3, group=0, dims=1)
    with pytest.raises(FameError, match="at least 1"):
        convert(nn.Sequential(), 0)
    with pytest.raises(FameError, match="at least 2"):
        GroupBatchNorm(3, group=1, dims=1)(torch.randn(4, 3))
    with pytest.raises(ValueError, match="5-D"):
        GroupBatchNorm(3, group=1, dims=3)(torch.randn(4, 3))


def test_convert_replaces_every_layer_and_keeps_the_tensors():
    settings = R2Plus1DSettings(arch="r2plus1d", width=4, layers=(1, 1, 1, 1), round_middle=4)
    encoder = build_encoder(settings, seed=0)
    model = nn.ModuleDict({"encoder": encoder, "head": projection(32, 16, "bn-mlp")})
    before, count = model.state_dict(keep_vars=True), sum(is_norm(m) for m in model.modules())
    model.eval()
    assert convert(model, 2) is model
    after = model.state_dict(keep_vars=True)
    assert list(after) == list(before)
    assert all(after[key] is before[key] for key in before)
    grouped = [m for m in model.modules() if isinstance(m, GroupBatchNorm)]
    assert len(grouped) == count > 10
    assert not any(m.training for m in grouped)
    assert {m.dims for m in grouped} == {1, 3}
    convert(model, 4)
    assert {m.group for m in grouped} == {4}


def is_norm(module):
    return isinstance(module, nn.BatchNorm1d | nn.BatchNorm3d)


def test_an_encoder_of_two_groups_equals_two_processes():
    settings = R2Plus1DSettings(arch="r2plus1d", width=4, layers=(1, 1, 1, 1), round_middle=4)
    whole = convert(build_encoder(settings, seed=0).double(), 2)
    clips = torch.randn(4, 3, 4, 16, 16, dtype=torch.float64)
    output = whole(clips)
    for index in (0, 1):
        process = build_encoder(settings, seed=0).double()
        here = slice(2 * index, 2 * index + 2)
        torch.testing.assert_close(output[here], process(clips[here]), rtol=1e-12, atol=1e-12)
        if index == 0:
            for key, value in process.state_dict().items():
                torch.testing.assert_close(whole.state_dict()[key], value, rtol=1e-12, atol=1e-12)


def test_channels_last_is_kept():
    norm = GroupBatchNorm(4, group=2, dims=3)
    x = torch.randn(4, 4, 2, 3, 3).to(memory_format=torch.channels_last_3d)
    assert norm(x).is_contiguous(memory_format=torch.channels_last_3d)
