"""A backbone in one file outside the package: one entry of a scale trains and evaluates it."""

from pathlib import Path

import torch
from micro_world import TABLES, choose

from fame.core.distributed import World
from fame.core.files import read_json
from fame.evaluate.protocol import evaluate, named, place
from fame.models.files import load_encoder
from fame.pipeline.experiments import Experiments
from fame.train.pretrain import build_method, pretrain

TOY = str(Path(__file__).parents[1] / "workflow" / "toys" / "thin.py")
WORLD = World(rank=0, size=1, device=torch.device("cpu"))


def test_a_backbone_in_one_file_is_trained_and_evaluated(micro, tmp_path):
    entry = {"arch": TOY, "channels": 8}
    file = micro.scale("thin", {"backbones.r2plus1d.encoder": entry})
    scale, run = choose(file, "moco-fame")
    pretrain(scale, run, micro.videos(), tmp_path / "run", WORLD, None)
    assert read_json(tmp_path / "run" / "card.json")["recipe"]["backbone"]["encoder"] == entry
    encoder = tmp_path / "run" / "encoder.safetensors"
    trained = load_encoder(encoder, scale.backbones["r2plus1d"].encoder)
    fresh = build_method(scale, run, WORLD).encoder
    assert not torch.equal(next(trained.parameters()), next(fresh.parameters()))

    foreign = named(Experiments(str(file), TABLES), str(encoder), "r2plus1d", 0)
    results = evaluate(place(scale, foreign, "ucf101", tmp_path / "results"), ["linear"], WORLD)
    assert 0 <= results["linear"]["metrics"]["top1"] <= 100
