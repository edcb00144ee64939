"""S3D: layout and numbers of torchvision's network."""

import pytest
import torch
from encoder_checks import declared, on_meta, parameters, scrambled, shapes, stage_shapes
from torch import nn
from torchvision.models.video import s3d

from fame.core.errors import FameError
from fame.models import build_encoder


def sized(width, initialisation="normal"):
    return {"arch": "s3d", "width": width, "initialisation": initialisation}


def test_published_layout_is_torchvisions_features():
    with torch.device("meta"):
        theirs = s3d(weights=None).features
    assert shapes(on_meta(sized(64))) == shapes(theirs)
    assert parameters(sized(64)) == 7_910_048


def test_equals_torchvision_on_the_same_weights():
    torch.manual_seed(0)
    theirs = scrambled(s3d(weights=None).features)
    ours = build_encoder(declared(sized(64)), seed=0).eval()
    ours.load_state_dict(theirs.state_dict())
    clips = torch.randn(2, 3, 9, 33, 40)
    with torch.no_grad():
        torch.testing.assert_close(ours.maps(clips), theirs(clips), rtol=1e-4, atol=1e-5)


def test_stages_of_published_clips():
    sizes = [(64, 32, 112), (192, 32, 56), (480, 32, 28), (832, 16, 14), (1024, 8, 7)]
    assert stage_shapes(sized(64), 64, 224, 224) == [(c, t, s, s) for c, t, s in sizes]
    assert stage_shapes(sized(64), 16, 112, 112)[-1] == (1024, 2, 3, 3)
    assert stage_shapes(sized(8), 9, 33, 47)[-1] == (128, 1, 1, 1)


@pytest.mark.parametrize("size", [(4, 32, 32), (8, 16, 32)])
def test_clips_that_the_pools_use_up_are_refused(size):
    encoder = build_encoder(declared(sized(4)), seed=0).eval()
    assert encoder(torch.randn(1, 3, 5, 17, 17)).isfinite().all()
    with pytest.raises(FameError, match="give the backbone more `frames` or a larger `size`"):
        encoder(torch.randn(1, 3, *size))


def test_first_weights():
    weights = [part.weight for part in on_cpu(8).modules() if isinstance(part, nn.Conv3d)]
    values = torch.cat([weight.detach().flatten() for weight in weights])
    assert values.std().item() == pytest.approx(0.01, rel=0.02)


def test_he_initialisation_follows_the_fan_out():
    for part in on_cpu(32, "he-fan-out").modules():
        if isinstance(part, nn.Conv3d) and part.weight.numel() > 4000:
            out, _, *kernel = part.weight.shape
            expected = (2 / (out * torch.tensor(kernel).prod().item())) ** 0.5
            assert part.weight.std().item() == pytest.approx(expected, rel=0.1)


def on_cpu(width, initialisation="normal"):
    return build_encoder(declared(sized(width, initialisation)), seed=0)
