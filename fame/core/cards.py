"""The card beside an encoder, and whether it is that encoder's. No torch."""

from pathlib import Path
from typing import Any

from fame.core.errors import FameError
from fame.core.files import read_json, sha256

ENCODER = "encoder.safetensors"
CARD = "card.json"
"""What a run's folder holds: weights, and the card that describes them."""


def verified(encoder: Path) -> dict[str, Any]:
    """The `card.json` beside an encoder, once the encoder is known to be the one it describes.

    Args:
        encoder: `encoder.safetensors`, as pretraining or `fame import-official` left it.

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
    """The card beside an encoder, which is known to be the encoder's and a run's.

    Args:
        encoder: as for `verified`.
        run: the run's id; the card of an adopted encoder names none, and is anyone's.

    Raises:
        FameError: as `verified` does, or the card is another run's.
    """
    card = verified(encoder)
    if card.get("run", run) != run:
        raise FameError(f"{encoder} is the run {card['run']!r}, not {run!r}; give that run's")
    return card
