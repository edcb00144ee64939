"""Copies of a dataset: where they may lie, and of which videos they are."""

import pytest
import yaml
from micro_world import MICRO
from own_videos import OWN
from small_videos import write_dataset

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.data.instances import copy_shard


def scale(tmp_path, to):
    settings = yaml.safe_load(MICRO.read_text())
    copies = {"to": str(to), "short_side": 16, "crf": 18, "keyframes": 4, "shards": 1}
    settings["datasets"]["own"] = OWN | {"root": str(tmp_path / "videos"), "prepare": copies}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(settings))
    return load_scale(str(tmp_path / "own.yaml"))


@pytest.mark.parametrize("to", ["videos", "videos/copies", "."])
def test_copies_lie_apart_from_the_originals(tmp_path, to):
    """Or they would be indexed too, and a video's copy could be tested on."""
    (tmp_path / "videos").mkdir()
    originals = write_dataset(tmp_path / "videos", [5])[0]
    with pytest.raises(FameError, match=r"must lie apart from the originals .*another folder"):
        copy_shard(scale(tmp_path, tmp_path / to), "own", originals, 0, 1, workers=1)


def test_videos_of_another_dataset_are_refused(tmp_path):
    (tmp_path / "videos").mkdir()
    originals = write_dataset(tmp_path / "videos", [5])[0]
    with pytest.raises(FameError, match=f"is of {originals.dataset}, not of own; give the other"):
        copy_shard(scale(tmp_path, tmp_path / "copies"), "own", originals, 0, 1, workers=1)
