"""Exactly the temporal kernels of the four stages are read, and only from an R(2+1)D."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import nn
from torchvision.models.video import r2plus1d_18

from fame.core.errors import FameError
from fame.evaluate.metrics.kernels import LAYERS, flat, temporal_kernels
from fame.models import build_encoder
from fame.models.backbones.i3d import published as published_i3d
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.files import save_encoder

SETTINGS = R2Plus1DSettings(arch="r2plus1d", width=8, layers=(2, 2, 2, 2), round_middle=4)


def test_they_are_the_stages_temporal_convolutions(tmp_path):
    encoder = build_encoder(SETTINGS, seed=1)
    save_encoder(tmp_path / "e.safetensors", encoder)
    found = temporal_kernels(tmp_path / "e.safetensors")
    assert tuple(found) == LAYERS
    for layer, kernels in found.items():
        stage = getattr(encoder, layer)
        wanted = [
            module.weight.detach().numpy()
            for module in stage.modules()
            if isinstance(module, nn.Conv3d) and module.kernel_size == (3, 1, 1)
        ]
        assert len(kernels) == len(wanted) == 4
        for kernel, weight in zip(kernels, wanted, strict=True):
            np.testing.assert_array_equal(kernel, weight.reshape(*weight.shape[:2], 3))
        row = np.concatenate([weight.reshape(-1) for weight in wanted])
        np.testing.assert_array_equal(flat(kernels), row)


def test_the_papers_network_has_four_a_layer_without_its_stem(tmp_path):
    """By torchvision's own names; each tensor keeps its place in the network as its value."""
    with torch.device("meta"):
        state = r2plus1d_18().state_dict()
    arrays, temporal = {}, {}
    for number, (name, tensor) in enumerate(state.items()):
        shape = (2, 2, *tensor.shape[2:]) if tensor.ndim == 5 else (1,)
        arrays[name] = np.full(shape, number, dtype=np.float32)
        if tensor.ndim == 5 and tensor.shape[2:] == (3, 1, 1):
            temporal[name] = number
    assert len(temporal) == 17  # the stem's and 16
    save_file(arrays, tmp_path / "e.safetensors")
    found = temporal_kernels(tmp_path / "e.safetensors")
    assert {layer: len(kernels) for layer, kernels in found.items()} == dict.fromkeys(LAYERS, 4)
    values = [int(kernel.max()) for kernels in found.values() for kernel in kernels]
    assert values == [number for name, number in temporal.items() if name.startswith("layer")]


def test_an_i3d_is_refused(tmp_path):
    encoder = build_encoder(published_i3d(4), seed=0)
    save_encoder(tmp_path / "e.safetensors", encoder)
    with pytest.raises(FameError, match=r"no 3x1x1 temporal kernels.*R\(2\+1\)D"):
        temporal_kernels(tmp_path / "e.safetensors")


@pytest.mark.parametrize("fault", ["without layer4", "square kernels"])
def test_a_network_that_only_resembles_one_is_refused(tmp_path, fault):
    state = {name: t.numpy() for name, t in build_encoder(SETTINGS, seed=1).state_dict().items()}
    if fault == "without layer4":
        state = {name: array for name, array in state.items() if not name.startswith("layer4")}
    else:
        state["layer2.1.conv2.0.3.weight"] = np.zeros((4, 4, 3, 3, 3), dtype=np.float32)
    save_file(state, tmp_path / "e.safetensors")
    with pytest.raises(FameError, match="no 3x1x1"):
        temporal_kernels(tmp_path / "e.safetensors")


def test_absent_and_damaged_files_are_named(tmp_path):
    path = tmp_path / "e.safetensors"
    with pytest.raises(FameError, match="cannot read"):
        temporal_kernels(path)
    save_encoder(path, build_encoder(SETTINGS, seed=1))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FameError, match="not a whole safetensors file"):
        temporal_kernels(path)


def test_the_figures_import_no_torch():
    code = (
        "import sys, fame.report.figures.figure1, fame.report.figures.figure3, fame.cli.figures; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
