"""C3D with BatchNorm: names, sizes, and a plain transcription."""

import pytest
import torch
from encoder_checks import declared, on_meta, parameters, scrambled, shapes, stage_shapes
from torch.nn import functional as F

from fame.core.errors import FameError
from fame.models import build_encoder

LAYERS = ("1", "2", "3a", "3b", "4a", "4b", "5a", "5b")


def sized(width):
    return {"arch": "c3d", "width": width}


def test_keys_and_shapes_are_those_of_the_public_code():
    channels = (3, 64, 128, 256, 256, 512, 512, 512, 512)
    expected = []
    for name, inputs, outputs in zip(LAYERS, channels, channels[1:], strict=False):
        expected += [(f"conv{name}.weight", (outputs, inputs, 3, 3, 3))]
        expected += [(f"conv{name}.bias", (outputs,))]
        for key in ("weight", "bias", "running_mean", "running_var"):
            expected.append((f"bn{name}.{key}", (outputs,)))
        expected.append((f"bn{name}.num_batches_tracked", ()))
    assert shapes(on_meta(sized(64))) == expected
    assert parameters(sized(64)) == 27_661_440


def test_stages_of_the_published_clip():
    assert stage_shapes(sized(64), 16, 112, 112) == [
        (64, 16, 112, 112),
        (128, 16, 56, 56),
        (256, 8, 28, 28),
        (512, 4, 14, 14),
        (512, 2, 7, 7),
    ]
    assert stage_shapes(sized(4), 9, 33, 47)[-1] == (32, 1, 2, 2)


def transcribed(state, x):
    """The specification, line by line."""
    for name, pool in zip(LAYERS, ((1, 2, 2), 2, None, 2, None, 2, None, None), strict=True):
        x = F.conv3d(x, state[f"conv{name}.weight"], state[f"conv{name}.bias"], padding=1)
        norm = (state[f"bn{name}.{key}"] for key in ("running_mean", "running_var"))
        x = F.batch_norm(x, *norm, state[f"bn{name}.weight"], state[f"bn{name}.bias"])
        x = x.relu()
        if pool:
            x = F.max_pool3d(x, pool)
    return x


def test_equals_a_transcription():
    encoder = scrambled(build_encoder(declared(sized(4)), seed=0))
    clips = torch.randn(2, 3, 8, 32, 48)
    with torch.no_grad():
        expected = transcribed(encoder.state_dict(), clips)
        torch.testing.assert_close(encoder.maps(clips), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(7, 16, 16), (8, 15, 16)])
def test_clips_that_the_pools_use_up_are_refused(size):
    encoder = build_encoder(declared(sized(1)), seed=0).eval()
    assert encoder(torch.randn(1, 3, 8, 16, 16)).shape == (1, 8)
    with pytest.raises(FameError, match="too small for the encoder's pool of 2 x 2 x 2"):
        encoder(torch.randn(1, 3, *size))
