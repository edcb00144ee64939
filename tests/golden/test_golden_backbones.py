"""Our encoders and heads give the official networks' numbers on real clips.

The weights follow the fill rule of the golden arrays, pass through a checkpoint file with the
official names, and are read by the importer, so names, order and numbers are tested at once.
"""

import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from fame.models import build_encoder
from fame.models.heads import projection
from fame.models.official import import_official


def filled(index, key, shape):
    """The tensor of the `index`-th entry of the official state dict."""
    if key.endswith("num_batches_tracked"):
        return torch.tensor(0)
    wave = np.sin(0.37 * np.arange(np.prod(shape)) + index).reshape(shape)
    if len(shape) > 1:
        value = wave * np.sqrt(3 / np.prod(shape[1:]))
    elif key.endswith(("running_var", "weight")):
        value = 1 + 0.1 * wave
    else:
        value = 0.1 * wave
    return torch.from_numpy(value).float()


def official_file(path, golden, name):
    listed = json.loads((golden / "official_checkpoint_keys.json").read_text())[name]
    entries = enumerate(listed.items())
    torch.save({"state_dict": {key: filled(i, key, shape) for i, (key, shape) in entries}}, path)
    return path


@pytest.mark.parametrize(("name", "size"), [("i3d", 224), ("r2plus1d_18", 112)])
def test_equals_the_official_network(tmp_path, shared, name, size):
    golden = shared / "golden"
    weights = import_official(official_file(tmp_path / "official.pth", golden, name))
    encoder = build_encoder(weights.settings, seed=0).eval()
    encoder.load_state_dict(weights.encoder)
    head = projection(encoder.feature_dim, 128, "mlp")
    head.load_state_dict(weights.head)
    with np.load(golden / f"fame_masks_{size}.npz") as arrays:
        clips = torch.from_numpy(arrays["clips"][:2]).float() / 255
    with torch.no_grad():
        maps = encoder.maps(clips)
        pooled = maps.mean((2, 3, 4))
        projected = head(pooled)
    with np.load(golden / "backbones.npz") as expected:
        if name == "i3d":
            projected = F.normalize(projected, dim=1)  # the official I3D does this itself
            assert list(maps.shape) == expected["i3d_map_shape"].tolist()
        close = {"rtol": 1e-4, "atol": 1e-5}
        np.testing.assert_allclose(pooled.numpy(), expected[f"{name}_pooled"], **close)
        np.testing.assert_allclose(projected.numpy(), expected[f"{name}_projection"], **close)
