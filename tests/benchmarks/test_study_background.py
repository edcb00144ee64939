"""What a background alone tells of the class, on videos whose colours are known."""

import micro_world
import numpy as np
import pytest
import torch
import yaml

from benchmarks.study import background, choice, plan, values
from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.core.files import write_json
from fame.data.index import index
from fame.data.manifest import Manifest
from fame.data.synthetic import write_world
from fame.evaluate.bias.background import plate


def test_what_moves_leaves_no_colour():
    still, nowhere = (
        np.zeros((9, 20, 20, 3), dtype=np.uint8),
        torch.zeros(9, 20, 20, dtype=torch.bool),
    )
    still[:, :10] = (200, 40, 40)
    video = still.copy()
    for frame in range(9):
        video[frame, 2 * frame : 2 * frame + 2, :6] = (0, 0, 255)
    moving, alone = (
        background.colours(plate(torch.from_numpy(it).permute(0, 3, 1, 2) / 255, nowhere))
        for it in (video, still)
    )
    assert np.array_equal(moving, alone)
    assert np.sum(alone**2) == pytest.approx(1)
    assert np.count_nonzero(alone) == 2


def test_every_colour_has_its_bin():
    steps = torch.arange(256) / 255
    for channel, weight in enumerate((36, 6, 1)):
        picture = torch.zeros(3, 1, 256)
        picture[channel, 0] = steps
        found = background.colours(picture)
        slow = np.bincount(
            [min(value * 6 // 255, 5) * weight for value in range(256)], minlength=216
        )
        np.testing.assert_allclose(found**2 * 256, slow, rtol=1e-5)


def test_what_stays_in_its_place_is_left_out_where_it_is_known(batch, monkeypatch):
    folder, _ = batch
    data = next((folder / "results" / "micro" / "data").iterdir())
    videos = Manifest.read(data / "manifest.parquet")
    frames = np.full((40, 20, 20, 3), 10, dtype=np.uint8)
    masks = np.zeros((40, 20, 20), dtype=bool)
    masks[:, 5:12, 5:12] = True
    frames[masks] = (10, 10, 250)
    monkeypatch.setattr(background, "read_frames", lambda _, numbers: frames[list(numbers)])
    monkeypatch.setattr(background, "true_masks", lambda *_: masks)
    seen, behind = (background.features(videos, folder, it).features for it in (None, data))
    assert (np.count_nonzero(seen, axis=2) == 2).all()
    assert (np.count_nonzero(behind, axis=2) == 1).all()


@pytest.fixture(scope="module", params=[1.0, 0.0], ids=["told", "not told"])
def batch(request, tmp_path_factory):
    """A finished batch's folder, whose mini UCF101 has scenes that tell the class, or do not."""
    folder = tmp_path_factory.mktemp("batch")
    settings = yaml.safe_load(micro_world.MICRO.read_text())
    changed = settings["datasets"]["ucf101"]["world"]
    changed |= {"scene_bias": request.param, "scene_types": 8, "train": 96, "test": 64}
    (folder / "scale.yaml").write_text(yaml.safe_dump(settings))
    scale = load_scale(str(folder / "scale.yaml"))
    for seed in scale.seeds:
        data = folder / "results" / scale.name / "data" / f"ucf101-w{seed}"
        world = data / "world"
        write_world(scale.datasets["ucf101"].world, seed, world)
        index("ucf101", world / "videos", world / "annotations", name="ucf101").write(
            data / "manifest.parquet"
        )
    return folder, request.param


def test_it_knows_the_class_only_if_the_scene_tells_it(batch):
    folder, told = batch
    found = background.measure(folder, ("ucf101",))
    assert {row["seed"] for row in found} == set(load_scale(str(folder / "scale.yaml")).seeds)
    assert {row["picture"] for row in found} == {"median", "plate"}
    for picture in ("median", "plate"):
        mean = np.mean([row["value"] for row in found if row["picture"] == picture])
        assert mean > 50 if told else mean < 30


def test_an_unfinished_batch_is_named(tmp_path):
    (tmp_path / "scale.yaml").write_text(micro_world.MICRO.read_text())
    with pytest.raises(FameError, match=r"manifest\.parquet"):
        background.measure(tmp_path, ("ucf101",))


def test_the_study_collects_it(tmp_path):
    study, empty = plan.load(), values.collect(tmp_path)
    batch = choice.batches(study, "world", empty)[0]
    folder = tmp_path / "world" / batch.name
    plan.prepare(study, "world", batch, folder)
    write_json(
        folder / background.NAME,
        [{"seed": 100, "dataset": "ucf101", "picture": "plate", "value": 60.0}],
    )
    (row,) = values.collect(tmp_path).to_dict("records")
    assert row == {
        "stage": "world",
        "settings": batch.name,
        "arm": "background",
        "seed": 100,
        "cell": "background ucf101 plate",
        "value": 60.0,
    }
