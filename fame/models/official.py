"""Published weights: the authors' pretraining checkpoints and torchvision's networks.

The authors' checkpoints (facts A5) are dicts whose `state_dict` contains the query encoder and its
projection head under `module.encoder_q.`, beside the key encoder and the queue.
"""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from fame.core.errors import FameError
from fame.models import EncoderSettings, build_encoder
from fame.models.backbones.i3d import published
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.heads import projection
from fame.models.state_check import check_state

State = dict[str, Tensor]

_QUERY = "module.encoder_q."
_PROJECTED = 128
_I3D = published(64)
_R2PLUS1D = R2Plus1DSettings(arch="r2plus1d", width=64, layers=(2, 2, 2, 2), round_middle=1)
# The two Linear layers of `projection`, and their names in the official heads.
_I3D_HEAD = {"0": "id_head.2.", "2": "id_head.4."}
_R2PLUS1D_HEAD = {"0": "fc.0.", "2": "fc.2."}
_REMEDY = "give an official FAME checkpoint or a torchvision r2plus1d_18 state dict"


class OfficialWeights(NamedTuple):
    """The content of a published file.

    Attributes:
        settings: the published architecture.
        encoder: the encoder's state dict.
        head: the state dict of `projection(feature_dim, 128, "mlp")`; empty for torchvision's.
    """

    settings: EncoderSettings
    encoder: State
    head: State


def import_official(path: Path) -> OfficialWeights:
    """Read published weights, without running code from the file.

    Args:
        path: an official FAME pretraining checkpoint (I3D or R(2+1)D), or torchvision's
            r2plus1d_18 state dict (its classifier is dropped).

    Raises:
        FameError: the file is absent or damaged, contains anything but tensors and plain values,
            or contains none of these networks.
    """
    content = _load(path)
    if isinstance(content, Mapping) and "state_dict" in content:
        return _from_checkpoint(_tensors(content["state_dict"], path), path)
    return _from_torchvision(_tensors(content, path), path)


def _from_checkpoint(state: State, path: Path) -> OfficialWeights:
    query = {key.removeprefix(_QUERY): state[key] for key in state if key.startswith(_QUERY)}
    settings, names = _architecture(query, path)
    reference, head = _expected(settings)
    official_names = {_official_name(key, names): key for key in head}
    expected = reference | {name: head[key] for name, key in official_names.items()}
    check_state(query, expected, str(path), _REMEDY)
    return OfficialWeights(
        settings,
        {key: query[key] for key in reference},
        {key: query[name] for name, key in official_names.items()},
    )


def _from_torchvision(state: State, path: Path) -> OfficialWeights:
    encoder = {key: state[key] for key in state if key not in ("fc.weight", "fc.bias")}
    expected, _ = _expected(_R2PLUS1D)
    check_state(encoder, expected, str(path), _REMEDY)
    return OfficialWeights(_R2PLUS1D, encoder, {})


def _expected(settings: EncoderSettings) -> tuple[State, State]:
    """Keys and shapes of the encoder and its official head, on the meta device."""
    with torch.device("meta"):
        encoder = build_encoder(settings, seed=0)
        head = projection(encoder.feature_dim, _PROJECTED, "mlp")
    return encoder.state_dict(), head.state_dict()


def _architecture(query: State, path: Path) -> tuple[EncoderSettings, dict[str, str]]:
    if "conv3d_1a_7x7.conv3d.weight" in query:
        return _I3D, _I3D_HEAD
    if "stem.0.weight" in query:
        return _R2PLUS1D, _R2PLUS1D_HEAD
    raise FameError(f"{path} holds no I3D or R(2+1)D query encoder under {_QUERY!r}; {_REMEDY}")


def _official_name(key: str, names: dict[str, str]) -> str:
    layer, _, parameter = key.partition(".")
    return names[layer] + parameter


def _load(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise FameError(f"cannot read {path} ({error}); check the path") from error
    except pickle.UnpicklingError as error:
        raise FameError(
            f"{path} is refused because it is damaged or holds objects that could run code; "
            f"{_REMEDY} from a source that you trust"
        ) from error
    except Exception as error:  # damaged bytes can raise anything
        raise FameError(f"{path} is not a whole PyTorch file; download it again") from error


def _tensors(content: Any, path: Path) -> State:
    if isinstance(content, Mapping) and all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in content.items()
    ):
        return dict(content)
    raise FameError(f"{path} holds no state dict; {_REMEDY}")
