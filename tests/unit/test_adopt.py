"""Published weights become an encoder of ours, which any verb can load."""

import json
import os

import pytest
import torch
from typer.testing import CliRunner

from fame.cli import app
from fame.errors import FameError
from fame.files import sha256
from fame.models import I3DSettings, R2Plus1DSettings, build_encoder
from fame.models.adopt import adopt
from fame.models.files import load_encoder

PUBLISHED = {
    "i3d": I3DSettings(arch="i3d", width=64),
    "r2plus1d": R2Plus1DSettings(arch="r2plus1d", width=64, layers=(2, 2, 2, 2), round_middle=1),
}
HEADS = {"i3d": ("id_head.2", "id_head.4"), "r2plus1d": ("fc.0", "fc.2")}


def checkpoint(path, arch):
    """An official pretraining checkpoint with drawn weights; returns the query encoder."""
    encoder = build_encoder(PUBLISHED[arch], seed=5)
    dim = encoder.feature_dim
    head = {}
    for layer, outputs in zip(HEADS[arch], (dim, 128), strict=True):
        head[f"{layer}.weight"] = torch.zeros(1).expand(outputs, dim)
        head[f"{layer}.bias"] = torch.zeros(outputs)
    state = {f"module.encoder_q.{k}": v for k, v in {**encoder.state_dict(), **head}.items()}
    torch.save({"epoch": 200, "state_dict": state}, path)
    return encoder


@pytest.mark.parametrize("arch", PUBLISHED)
def test_the_verb_writes_an_encoder_and_a_card_that_names_its_source(tmp_path, arch):
    encoder = checkpoint(tmp_path / "official.pth", arch)
    out = tmp_path / "deep" / "run"
    arguments = ["import-official", str(tmp_path / "official.pth"), "--out", str(out)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    loaded = load_encoder(out / "encoder.safetensors", PUBLISHED[arch]).state_dict()
    wanted = encoder.state_dict()
    assert list(loaded) == list(wanted)
    assert all(torch.equal(loaded[key], wanted[key]) for key in wanted)
    card = json.loads((out / "card.json").read_text())
    assert card["imported_from"] == "official.pth"
    assert card["source_sha256"] == sha256(tmp_path / "official.pth")
    assert card["encoder_sha256"] == sha256(out / "encoder.safetensors")
    assert (card["arch"], card["feature_dim"]) == (arch, encoder.feature_dim)
    assert card["settings"] == PUBLISHED[arch].model_dump(mode="json")
    assert card["keys"] == list(wanted)
    assert sorted(file.name for file in out.iterdir()) == ["card.json", "encoder.safetensors"]


def test_a_hostile_file_is_refused_and_leaves_nothing(tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    torch.save({"state_dict": Hostile()}, tmp_path / "official.pth")
    with pytest.raises(FameError, match=r"refused .* run code"):
        adopt(tmp_path / "official.pth", tmp_path / "out")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out").exists()


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(FameError, match="cannot read"):
        adopt(tmp_path / "none.pth", tmp_path / "out")
