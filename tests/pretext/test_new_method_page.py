"""The code of docs/new_method.md is a method that works as typed, with the recipe that it shows."""

import re
from pathlib import Path

import pytest
import torch
import yaml
from micro_world import choose
from slow_moco import WORLD

from fame.config.reading import parse
from fame.config.tables import Table
from fame.data.clips.batch import collate
from fame.pipeline.runs import resolve
from fame.train.pretrain import build_method, clips_of

PAGE = Path(__file__).parents[2] / "docs" / "new_method.md"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_page_makes_a_method(micro, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "my_pace.py").write_text("\n\n".join(blocks("python")))
    monkeypatch.chdir(tmp_path)
    table = parse(Table, yaml.safe_load(blocks("yaml")[0]), "page")
    scale, _ = choose(micro.scale("page", {}), "moco-fame")
    run = resolve(scale, table.rows[0].recipe, {}, 0)
    method = build_method(scale, run, WORLD)
    clips = clips_of(scale, run, micro.videos().select("train"), method)
    batch = collate([clips[0, row] for row in range(8)])
    method.linear.weight.data.zero_()
    method.linear.bias.data = torch.tensor([9.0, 0, 0, 0])
    loss, scalars = method.loss(batch, 0)
    slow = [int(frames[0, 1] - frames[0, 0]) == 1 for frames in batch.frames]
    assert scalars["accuracy"].item() == sum(slow) / 8
    assert loss.item() == pytest.approx(9 * (1 - sum(slow) / 8), abs=1e-3)
    assert method.chance(8) == 0.25 and method.span(4, 2) == 16
