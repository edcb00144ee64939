"""An encoder is taken only with the card that was written for it."""

import pytest

from fame.core.cards import of_run, verified
from fame.core.errors import FameError
from fame.core.files import sha256, write_json


@pytest.fixture
def encoder(tmp_path):
    path = tmp_path / "encoder.safetensors"
    path.write_bytes(b"weights")
    write_json(tmp_path / "card.json", {"run": "moco-s0", "encoder_sha256": sha256(path)})
    return path


def test_a_matching_card_is_returned(encoder):
    assert verified(encoder)["run"] == "moco-s0"


def test_one_changed_byte_is_refused(encoder):
    encoder.write_bytes(b"weightz")
    with pytest.raises(FameError, match=r"card.json does not describe encoder.safetensors"):
        verified(encoder)


@pytest.mark.parametrize("content", [{}, [], {"encoder_sha256": None}])
def test_a_card_without_the_hash_is_refused(encoder, content):
    write_json(encoder.with_name("card.json"), content)
    with pytest.raises(FameError, match="does not describe"):
        verified(encoder)


def test_a_missing_card_or_encoder_is_named(encoder):
    encoder.with_name("card.json").unlink()
    with pytest.raises(FameError, match=r"card.json: no such file"):
        verified(encoder)
    encoder.unlink()
    with pytest.raises(FameError, match=r"encoder.safetensors: no such encoder"):
        verified(encoder)


def test_the_card_of_another_run_is_refused(encoder):
    assert of_run(encoder, "moco-s0")["run"] == "moco-s0"
    with pytest.raises(
        FameError, match=r"is the run 'moco-s0', not 'moco-s1'; give the encoder of 'moco-s1'"
    ):
        of_run(encoder, "moco-s1")


def test_the_card_of_an_adopted_encoder_is_of_any_run(encoder):
    write_json(encoder.with_name("card.json"), {"encoder_sha256": sha256(encoder)})
    assert "run" not in of_run(encoder, "encoder-s0")
