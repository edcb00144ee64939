"""The score during pretraining: of which videos, and what it is for features that are known."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from micro_world import MICRO
from small_videos import rows, write_video

from fame.config.reading import load_scale
from fame.core.distributed import World
from fame.data.manifest import Manifest
from fame.evaluate.monitor import monitor
from fame.models.encoder import Encoder

WORLD = World(0, 1, torch.device("cpu"))
SCALE = load_scale(str(MICRO))
EACH = 8
"""Videos of a split, as many as the micro scale looks at."""


class Colour(Encoder):
    """Sees a clip's mean colour; keeps what it has seen."""

    feature_dim = 3

    def __init__(self):
        super().__init__()
        self.seen = []

    def maps(self, x):
        return x

    def forward(self, x):
        found = x.mean((2, 3, 4))
        self.seen += found.round(decimals=4).tolist()
        return found


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Red and green videos; the colour tells the class of the `val` videos.

    Of the `train` videos it tells the wrong one: two of the three others of a video's colour are
    of the other class.
    """
    root = tmp_path_factory.mktemp("videos")
    table = rows([4] * 2 * EACH, [(24, 32)] * 2 * EACH)
    table["split"] = ["val"] * EACH + ["train"] * EACH
    for number in range(2 * EACH):
        red = number % 2 if number < EACH else number // 2 % 2
        frames = np.full((4, 24, 32, 3), 20 + number, np.uint8)
        frames[..., 0 if red else 1] = 200
        write_video(root / f"v{number}.avi", frames)
    return Manifest("small", root, table, ["even", "odd"])


def scorer(manifest, seed=0, **changes):
    settings = SCALE.pretrain.monitor.model_copy(update=changes)
    scale = SCALE.model_copy(
        update={"pretrain": SCALE.pretrain.model_copy(update={"monitor": settings})}
    )
    return monitor(scale, SimpleNamespace(seed=seed, backbone="r2plus1d"), manifest, WORLD)


def without(videos, split):
    return dataclasses.replace(videos, table=videos.table[videos.table["split"] != split])


def seen(manifest, seed=0, **changes):
    """What the encoder is shown, a colour for each clip."""
    encoder = Colour()
    scorer(manifest, seed, **changes)(encoder)
    return encoder.seen


def test_the_val_videos_are_scored_or_the_training_videos_if_there_are_none(videos):
    assert scorer(videos)(Colour()) == 100
    assert scorer(without(videos, "train"))(Colour()) == 100
    assert scorer(without(videos, "val"))(Colour()) == 0


def test_a_keyed_sample_is_shown_a_clip_of_each(videos):
    every, some = seen(videos), seen(videos, videos=4)
    assert len({tuple(colour) for colour in every}) == len(every) == EACH
    assert len(some) == 4 and all(colour in every for colour in some)
    assert seen(videos, videos=4) == some
    assert any(seen(videos, seed, videos=4) != some for seed in (1, 2, 3))


def test_videos_without_a_label_are_left_out(videos):
    table = videos.table.copy()
    table.loc[[0, 3], "label"] = None
    found = seen(dataclasses.replace(videos, table=table))
    every = seen(videos)
    assert found == [colour for number, colour in enumerate(every) if number not in (0, 3)]


def test_without_labels_or_neighbours_there_is_no_score(videos):
    unlabelled = dataclasses.replace(videos, table=videos.table.assign(label=None))
    assert scorer(unlabelled) is None
    assert scorer(videos, neighbours=EACH) is None
    assert scorer(videos, neighbours=EACH - 1) is not None
