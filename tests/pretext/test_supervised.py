import dataclasses
import json

import pytest
import torch

from fame.config.reading import load_scale
from fame.config.tables import Recipe
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.pipeline.runs import resolve
from fame.train.pretrain import build_method, pretrain

RECIPE = Recipe(method="supervised", backbone="r2plus1d", pretrain="kinetics400")
WORLD = World(0, 1, torch.device("cpu"))


def setting(micro, **changes):
    scale = load_scale(str(micro.scale("supervised", changes)))
    return scale, resolve(scale, RECIPE, {}, 0)


def test_it_learns_its_training_videos(micro, tmp_path):
    """Sixteen videos of eight classes, many times over: the loss must fall well below log 8."""
    scale, run = setting(
        micro,
        **{"pretrain.epochs.kinetics400": 40, "pretrain.optimiser.lr": 0.1, "pretrain.group": 8},
    )
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if "loss" in line]
    assert losses[0] == pytest.approx(2.08, abs=0.15)
    assert min(losses[-5:]) < 1.5
    card = json.loads((tmp_path / "card.json").read_text())
    assert "8 classes" in json.dumps(card)


def test_unlabelled_videos_are_refused(micro, tmp_path):
    scale, run = setting(micro)
    videos = micro.videos()
    none = dataclasses.replace(videos, table=videos.table.assign(label=None))
    with pytest.raises(FameError, match="without a label"):
        pretrain(scale, run, none, tmp_path, WORLD, None)
    with pytest.raises(FameError, match="two classes or more"):
        build_method(scale, run, WORLD, classes=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"merge": {"mask": "fame"}}, "merges nothing"), ({"options": {"depth": 1}}, "key depth")],
)
def test_what_it_does_not_know_is_refused(micro, change, words):
    scale, _ = setting(micro)
    run = resolve(scale, RECIPE.model_copy(update=change), {}, 0)
    with pytest.raises(FameError, match=words):
        build_method(scale, run, WORLD, classes=8)


def test_equal_seeds_start_alike(micro):
    scale, run = setting(micro)
    first, second = (build_method(scale, run, WORLD, 8).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
