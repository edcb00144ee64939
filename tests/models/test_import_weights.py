"""Published weights become an encoder of ours, which any command can load."""

import json
import os

import pytest
import torch
import yaml
from official_weights import PUBLISHED, checkpoint
from typer.testing import CliRunner

from fame.cli import app
from fame.core.cards import verified
from fame.core.errors import FameError
from fame.core.files import sha256
from fame.models import build_encoder
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.files import load_encoder, save_encoder
from fame.models.import_weights import fits, import_weights


@pytest.mark.parametrize("arch", PUBLISHED)
def test_the_command_writes_an_encoder_and_a_card_that_names_its_source(tmp_path, arch):
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
        import_weights(tmp_path / "official.pth", tmp_path / "out")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out").exists()


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(FameError, match="cannot read"):
        import_weights(tmp_path / "none.pth", tmp_path / "out")


SMALL = R2Plus1DSettings(arch="r2plus1d", width=4, layers=(1, 1, 1, 1), round_middle=4)


def ours(path, settings=SMALL):
    encoder = build_encoder(settings, seed=3)
    save_encoder(path, encoder)
    return encoder


def test_an_encoder_of_ours_is_taken_over_with_a_card(tmp_path):
    source = tmp_path / "mine" / "encoder.safetensors"
    encoder = ours(source)
    card = import_weights(source, tmp_path / "run", SMALL, {"run": "encoder-mine", "seed": 3})
    assert json.loads((tmp_path / "run" / "card.json").read_text()) == card
    assert (card["run"], card["source_sha256"]) == ("encoder-mine", sha256(source))
    assert card["encoder_sha256"] == sha256(tmp_path / "run" / "encoder.safetensors")
    loaded = load_encoder(tmp_path / "run" / "encoder.safetensors", SMALL).state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in encoder.state_dict().items())


def test_another_network_is_refused_with_both_named(tmp_path):
    checkpoint(tmp_path / "official.pth", "r2plus1d")
    with pytest.raises(FameError, match=r"official\.pth is .*width=64.* backbone is .*width=4"):
        import_weights(tmp_path / "official.pth", tmp_path / "out", SMALL)
    ours(tmp_path / "encoder.safetensors")
    wide = SMALL.model_copy(update={"width": 6})
    with pytest.raises(FameError, match=r"encoder\.safetensors does not fit .*another shape"):
        import_weights(tmp_path / "encoder.safetensors", tmp_path / "out", wide)
    assert not (tmp_path / "out").exists()


def test_which_network_weights_are_of(tmp_path):
    checkpoint(tmp_path / "i3d.pth", "i3d")
    ours(tmp_path / "small.safetensors")
    assert fits(tmp_path / "i3d.pth", PUBLISHED["i3d"])
    assert not fits(tmp_path / "i3d.pth", PUBLISHED["r2plus1d"])
    assert fits(tmp_path / "small.safetensors", SMALL)
    assert not fits(tmp_path / "small.safetensors", SMALL.model_copy(update={"width": 6}))
    assert not fits(tmp_path / "small.safetensors", PUBLISHED["i3d"])
    (tmp_path / "small.safetensors").write_bytes(b"half")
    with pytest.raises(FameError, match="not a whole safetensors file"):
        fits(tmp_path / "small.safetensors", SMALL)


@pytest.mark.parametrize("processes", [1, 4])
def test_a_row_with_finished_weights_is_pretrained_by_taking_them_over(tmp_path, root, processes):
    """In this one process, however many GPUs a pretraining would take."""
    ours(tmp_path / "mine.safetensors")
    row = {"show": {}, "task": "linear"}
    row["recipe"] = {"encoder": str(tmp_path / "mine.safetensors"), "backbone": "r2plus1d"}
    columns = {"u": {"title": "U", "dataset": "ucf101", "metric": "top1"}}
    table = {"name": "table7", "title": "", "source": "", "show": {}, "columns": columns}
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "table7.yaml").write_text(yaml.safe_dump(table | {"rows": [row]}))
    scale, out = root / "tests" / "workflow" / "micro.yaml", tmp_path / "run"
    options = ["--scale", str(scale), "--tables", str(tmp_path / "tables")]
    (run,) = CliRunner().invoke(app, ["runs", *options]).output.split()
    arguments = ["pretrain", *options, "--run", run, "--out", str(out)]
    done = CliRunner().invoke(app, [*arguments, "--processes", str(processes)])
    assert done.exit_code == 0, done.output
    card = verified(out / "encoder.safetensors")
    assert (card["run"], card["scale"], card["seed"]) == (run, "micro", 0)
    assert card["recipe"]["encoder"] == card["source_sha256"]
    assert card["imported_from"] == "mine.safetensors"
