"""Convert published weights to our format: an encoder, and a card that records its origin."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

import fame
from fame.config.scale import Scale
from fame.core.cards import CARD, ENCODER
from fame.core.errors import FameError
from fame.core.files import sha256, write_json
from fame.models import EncoderSettings, build_encoder
from fame.models.encoder import Encoder
from fame.models.files import load_encoder, save_encoder, shapes
from fame.models.official import import_official
from fame.pipeline.runs import Run


def import_run(scale: Scale, run: Run, out: Path) -> dict[str, Any]:
    """Import the finished weights of a run.

    Args:
        scale: the weights must be of its backbone.
        run: a run with a `source`.
        out: the run's folder.

    Returns:
        The card: the run's id, scale, recipe and seed, then as for `import_weights`.

    Raises:
        FameError: see `import_weights`.
    """
    assert run.source is not None
    facts = {"run": run.id, "scale": scale.name, "recipe": run.recipe, "seed": run.seed}
    return import_weights(run.source, out, scale.backbones[run.backbone].encoder, facts)


def fits(source: Path, wanted: EncoderSettings) -> bool:
    """Whether finished weights belong to an architecture.

    Raises:
        FameError: the file cannot be read, or is not of a known network.
    """
    if source.suffix != ".safetensors":
        return import_official(source).settings == wanted
    with torch.device("meta"):
        expected = build_encoder(wanted, seed=0).state_dict()
    return shapes(source) == {key: tuple(tensor.shape) for key, tensor in expected.items()}


def import_weights(
    source: Path,
    out: Path,
    wanted: EncoderSettings | None = None,
    facts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write `encoder.safetensors` and `card.json` from weights made elsewhere.

    The projection head is dropped, as in the export of our own encoders.

    Args:
        source: a file for `fame.models.official.import_official` or, if `wanted` is given, an
            `encoder.safetensors` of ours.
        out: the folder; created if needed.
        wanted: the network that the file must contain; None for any known one.
        facts: further entries of the card, as JSON data.

    Returns:
        The card: the source file and its SHA-256, the encoder's settings and feature dimension, the
        names of the imported tensors, and the SHA-256 of the written file.

    Raises:
        FameError: the file is not a known checkpoint, is not of the wanted network, or cannot be
            read or written.
    """
    settings, encoder = _read(source, wanted)
    digest = sha256(source)
    path = out / ENCODER
    save_encoder(path, encoder, {"imported_from": source.name, "source_sha256": digest})
    card = {
        **(facts or {}),
        "imported_from": source.name,
        "source_sha256": digest,
        "arch": settings.arch,
        "settings": settings.model_dump(mode="json"),
        "feature_dim": encoder.feature_dim,
        "keys": list(encoder.state_dict()),
        "encoder_sha256": sha256(path),
        "code": fame.__version__,
    }
    write_json(out / CARD, card)
    return card


def _read(source: Path, wanted: EncoderSettings | None) -> tuple[EncoderSettings, Encoder]:
    if wanted is not None and source.suffix == ".safetensors":
        return wanted, load_encoder(source, wanted)
    weights = import_official(source)
    if wanted not in (None, weights.settings):
        raise FameError(
            f"{source} is {weights.settings!r} but the scale's backbone is {wanted!r}; "
            "give the recipe a backbone with these settings"
        )
    with torch.device("meta"):  # no initialisation: every tensor comes from the file
        encoder = build_encoder(weights.settings, seed=0)
    encoder.load_state_dict(weights.encoder, assign=True)
    return weights.settings, encoder
