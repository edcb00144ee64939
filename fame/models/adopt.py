"""Published weights in our own format: an encoder and a card that says where it comes from."""

from pathlib import Path
from typing import Any

import torch

import fame
from fame.files import sha256, write_json
from fame.models import build_encoder
from fame.models.files import save_encoder
from fame.models.official import import_official


def adopt(source: Path, out: Path) -> dict[str, Any]:
    """Write `encoder.safetensors` and `card.json` from a published checkpoint.

    The projection head is left out, as it is when an encoder of our own is handed on.

    Args:
        source: see `fame.models.official.import_official`.
        out: the folder; made if need be.

    Returns:
        The card: the file that was read and its SHA-256, the encoder's settings and feature
        dimension, the names of the tensors that were taken and the SHA-256 of what was written.

    Raises:
        FameError: the file is not one of the known checkpoints, or cannot be read or written.
    """
    weights = import_official(source)
    digest = sha256(source)
    with torch.device("meta"):  # nothing is drawn: every tensor is the file's
        encoder = build_encoder(weights.settings, seed=0)
    encoder.load_state_dict(weights.encoder, assign=True)
    path = out / "encoder.safetensors"
    save_encoder(path, encoder, {"imported_from": source.name, "source_sha256": digest})
    card = {
        "imported_from": source.name,
        "source_sha256": digest,
        "arch": weights.settings.arch,
        "settings": weights.settings.model_dump(mode="json"),
        "feature_dim": encoder.feature_dim,
        "keys": list(weights.encoder),
        "encoder_sha256": sha256(path),
        "code": fame.__version__,
    }
    write_json(out / "card.json", card)
    return card
