"""Encoder weights on disk: safetensors, written atomically, checked when read."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from fame.core.errors import FameError
from fame.core.files import replacing
from fame.models import EncoderSettings, build_encoder
from fame.models.encoder import Encoder
from fame.models.state_check import check_state


def save_encoder(path: Path, encoder: Encoder, metadata: Mapping[str, str] | None = None) -> None:
    """Write an encoder's state dict atomically.

    Args:
        path: the file; its folder is created if needed.
        encoder: on any device, in any memory format.
        metadata: short texts for the file's header.
    """
    tensors = {key: _portable(tensor) for key, tensor in encoder.state_dict().items()}
    with replacing(path) as file:
        file.write(save(tensors, dict(metadata or {})))


def load_encoder(path: Path, settings: EncoderSettings) -> Encoder:
    """Load the encoder of a file, on the CPU, in training mode.

    Args:
        path: a file written by `save_encoder`.
        settings: the architecture and size that it was trained with.

    Raises:
        FameError: the file is absent or damaged, or holds another network.
    """
    state = _read(path)
    encoder = build_encoder(settings, seed=0)
    remedy = "load it with the encoder settings that it was trained with"
    check_state(state, encoder.state_dict(), str(path), remedy)
    encoder.load_state_dict(state)
    return encoder


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a file's tensors, without reading their values.

    Raises:
        FameError: the file is absent or damaged.
    """
    with _explained(path), safe_open(path, framework="pt") as file:
        return {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118


def _portable(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().contiguous()


def _read(path: Path) -> dict[str, Tensor]:
    with _explained(path):
        state: dict[str, Tensor] = load_file(path)
    return state


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn errors of safetensors into one sentence."""
    try:
        yield
    except OSError as error:
        raise FameError(f"cannot read {path} ({error}); pretrain an encoder first") from error
    except SafetensorError as error:
        raise FameError(
            f"{path} is not a whole safetensors file ({error}); delete it and make it again"
        ) from error
