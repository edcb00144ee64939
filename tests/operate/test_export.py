"""What is exported loads again here and in torchvision, and says what was measured and where."""

import json
from dataclasses import replace

import pytest
import torch
import yaml
from micro_world import MICRO, choose
from safetensors.torch import load_file
from torch import nn
from torchvision.models import video

from fame.core.errors import FameError
from fame.core.files import sha256, write_json
from fame.evaluate.results import write_result
from fame.models import build_encoder
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.backbones.r3d import R3DSettings
from fame.models.files import save_encoder
from fame.operate.export import config, export, model_card
from fame.search.encoder_source import describe

LAYERS = (2, 2, 2, 2)


def finished(place):
    """A micro run's encoder as the workflow leaves it, with a linear probe and features beside."""
    scale, run = choose(MICRO, "moco-fame")
    path = place / "micro" / "pretrain" / run.id / "encoder.safetensors"
    save_encoder(path, build_encoder(scale.backbones[run.backbone].encoder, 0))
    facts = {"run": run.id, "scale": "micro", "recipe": run.recipe, "seed": run.seed}
    write_json(path.with_name("card.json"), {"encoder_sha256": sha256(path), **facts})
    for task, metrics in (("linear", {"top1": 41.237}), ("retrieval", {"r1": 20.0, "r5": 55.5})):
        write_result(
            place / "micro" / "evaluate" / run.id / "ucf101-w0" / f"{task}.json",
            task=task,
            run=run.id,
            data="ucf101-w0",
            dataset="ucf101",
            seed=0,
            metrics=metrics,
            details={},
        )
    return scale, run, path


def head_of(file):
    return yaml.safe_load(file.read_text("utf-8").split("---\n")[1])


def test_an_export_loads_back_with_equal_weights(tmp_path):
    _, _, path = finished(tmp_path)
    files = export(path, tmp_path / "out", str(MICRO))
    assert {file.name for file in files} == {file.name for file in (tmp_path / "out").iterdir()}
    source = describe(files[0], 10, None, None)
    again, before = source.load().state_dict(), describe(path, 10, None, None).load().state_dict()
    assert all(torch.equal(again[key], before[key]) for key in before)
    kept = json.loads((tmp_path / "out" / "config.json").read_text())
    assert kept["encoder_sha256"] == sha256(files[0])
    assert kept["model"] == source.settings.model_dump(mode="json")
    assert kept["input"]["frames"] == source.spec.frames


def test_the_model_card_has_the_results_and_says_mini(tmp_path):
    scale, run, path = finished(tmp_path)
    export(path, tmp_path / "out", str(MICRO))
    readme = tmp_path / "out" / "README.md"
    (index,) = head_of(readme)["model-index"]
    assert index["name"] == run.id
    values = {
        (result["task"]["name"], metric["name"]): metric["value"]
        for result in index["results"]
        for metric in result["metrics"]
    }
    expected = {("linear", "top1"): 41.24, ("retrieval", "r1"): 20.0, ("retrieval", "r5"): 55.5}
    assert values == expected
    text = readme.read_text("utf-8")
    assert scale.note in text and "Not comparable with published numbers" in text
    assert f"| linear | {scale.datasets['ucf101'].title} | top1 | 41.24 |" in text


def test_a_comparable_scale_is_not_warned_of(tmp_path):
    scale, _, path = finished(tmp_path)
    source = describe(path, 10, None, None)
    card = {"encoder_sha256": "0"}
    text = model_card(card, source, scale.model_copy(update={"comparable": True}), [])
    assert "Not comparable" not in text and "model-index" not in text
    assert "None measured." in text


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (R3DSettings(arch="r3d", width=64, layers=LAYERS), "r3d_18"),
        (R2Plus1DSettings(arch="r2plus1d", width=64, layers=LAYERS, round_middle=1), "r2plus1d_18"),
    ],
)
def test_torchvisions_own_networks_take_the_weights(tmp_path, settings, name):
    encoder = build_encoder(settings, 0).eval()
    save_encoder(tmp_path / "encoder.safetensors", encoder)
    assert settings.torchvision == name
    theirs = getattr(video, name)()
    theirs.fc = nn.Identity()
    theirs.load_state_dict(load_file(tmp_path / "encoder.safetensors"))
    clips = torch.rand(1, 3, 4, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(theirs.eval()(clips), encoder(clips), rtol=1e-4, atol=1e-5)


def test_only_a_network_of_torchvisions_is_said_to_be_one(tmp_path):
    _, _, path = finished(tmp_path)
    source = describe(path, 10, None, None)
    assert config(source)["torchvision"] is None
    scale, card = choose(MICRO, "moco-fame")[0], {"encoder_sha256": "0"}
    assert "torchvision" not in model_card(card, source, scale, [])
    full = replace(source, settings=R3DSettings(arch="r3d", width=64, layers=LAYERS))
    assert "from torchvision.models.video import r3d_18" in model_card(card, full, scale, [])


def test_a_full_folder_and_an_unknown_scale_are_refused(tmp_path):
    _, _, path = finished(tmp_path)
    with pytest.raises(FameError, match="give its file with --scale"):
        export(path, tmp_path / "out", None)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    with pytest.raises(FameError, match="not an empty folder"):
        export(path, tmp_path / "out", str(MICRO))
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine.txt"]
