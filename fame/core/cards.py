"""The card beside an encoder, and the check that it belongs to the encoder. No torch."""

from pathlib import Path
from typing import Any

from fame.core.errors import FameError
from fame.core.files import read_json, sha256

ENCODER = "encoder.safetensors"
CARD = "card.json"
"""Files of a run: the weights, and the card that describes them."""


def verified(encoder: Path) -> dict[str, Any]:
    """The `card.json` beside an encoder, after checking that it describes this encoder.

    Args:
        encoder: `encoder.safetensors`, written by pretraining or `fame import-official`.

    Raises:
        FameError: either file is missing, or the encoder's SHA-256 is not the card's.
    """
    if not encoder.is_file():
        raise FameError(f"{encoder}: no such encoder; pretrain it first")
    path = encoder.with_name(CARD)
    card: dict[str, Any] = read_json(path)
    if not isinstance(card, dict) or card.get("encoder_sha256") != sha256(encoder):
        raise FameError(
            f"{path} does not describe {encoder.name} beside it (their SHA-256 differ); "
            "keep the two that were written together, or pretrain again"
        )
    return card


def of_run(encoder: Path, run: str) -> dict[str, Any]:
    """The card beside an encoder, after checking that it is this encoder's and this run's.

    Args:
        encoder: as for `verified`.
        run: the run's id; the card of an imported encoder names no run and fits any.

    Raises:
        FameError: as `verified` does, or the card is another run's.
    """
    card = verified(encoder)
    if card.get("run", run) != run:
        raise FameError(
            f"{encoder} is the run {card['run']!r}, not {run!r}; give the encoder of {run!r}"
        )
    return card
