"""Test videos encoded under every condition, and clips in several normalisations, in two jobs."""

import dataclasses

import numpy as np
import pytest
import torch
from micro_world import MICRO

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.data.clips import dataset as clips
from fame.data.clips.batch import collate
from fame.data.clips.dataset import UniformClips
from fame.evaluate.bias.encode import Alteration, encode_conditions
from fame.evaluate.bias.scores import CONDITIONS
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import Work
from fame.evaluate.features.extract import extract
from fame.models.encoder import Encoder


class Means(Encoder):
    """A feature for each colour and quarter of a view: its mean."""

    feature_dim = 12

    def maps(self, x):
        return torch.nn.functional.avg_pool3d(x, (x.shape[2], x.shape[3] // 2, x.shape[4] // 2))

    def forward(self, x):
        return self.maps(x).flatten(1)


@pytest.fixture(scope="module")
def spec():
    scale = load_scale(str(MICRO))
    found = ClipSpec.of(scale, scale.backbones["r2plus1d"], scale.pretrain.views)
    return dataclasses.replace(found, clips=3, size=32)


@pytest.fixture
def opened(monkeypatch):
    """The paths of the videos that are read."""
    paths, read = [], clips.frames_of
    monkeypatch.setattr(clips, "frames_of", lambda *a: paths.append(a[1]) or read(*a))
    return paths


def test_each_video_is_read_once_for_all_normalisations(spec, micro, opened, tmp_path):
    videos = micro.videos("ucf101")
    work = Work(torch.device("cpu"), 4, 0, tmp_path / "parts", progress=False)
    found = extract(Means(), videos, spec, work, {}, ("pretraining", "imagenet"))
    assert sorted(opened) == sorted(videos.table["path"])
    assert not (tmp_path / "parts").exists()
    alone = extract(Means(), videos, spec, work, {})["pretraining"]
    assert np.array_equal(found["pretraining"].videos, alone.videos)
    np.testing.assert_allclose(found["pretraining"].features, alone.features, atol=1e-6)
    other = spec.with_normalisation("imagenet")
    imagenet = extract(Means(), videos, other, work, {})["pretraining"]
    np.testing.assert_allclose(found["imagenet"].features, imagenet.features, atol=1e-6)


def test_each_test_video_is_read_once_for_all_conditions(spec, micro, opened, tmp_path):
    videos = micro.videos("ucf101")
    work = Work(torch.device("cpu"), 4, 0, tmp_path / "parts", progress=False)
    alteration = Alteration(clips=2, beta=0.5, world=micro.place / "ucf101-w0", seed=0)
    found = encode_conditions(Means(), videos, spec, work, {"run": "r"}, alteration)
    assert sorted(opened) == sorted(videos.select("test").table["path"])
    assert found.features.shape == (8, 5 * 2, 12)
    assert (found.meta["foreground"], found.meta["run"]) == ("true", "r")
    assert not (tmp_path / "parts").exists()


def test_conditions_name_the_encoder_and_videos_of_the_unaltered_features(spec, micro):
    videos = micro.videos("ucf101")
    work = Work(torch.device("cpu"), 4, 0, None, progress=False)
    alteration = Alteration(clips=2, beta=0.5, world=None, seed=0)
    altered = encode_conditions(Means(), videos, spec, work, {}, alteration)
    plain = extract(Means(), videos, spec, work, {})["pretraining"]
    assert all(altered.meta[key] == plain.meta[key] for key in ("encoder", "manifest", "version"))


def test_parts_of_another_beta_are_not_used(spec, micro, tmp_path, monkeypatch):
    monkeypatch.setattr("fame.evaluate.bias.encode.clear", lambda parts: None)
    videos = micro.videos("ucf101").select("test")
    work = Work(torch.device("cpu"), 4, 0, tmp_path, progress=False)

    def encoded(beta, work):
        alteration = Alteration(clips=2, beta=beta, world=None, seed=0)
        return encode_conditions(Means(), videos, spec, work, {}, alteration).features

    first, other = encoded(0.5, work), encoded(0.25, work)
    assert len(list(tmp_path.glob("*/*.npz"))) == 2
    assert np.array_equal(other, encoded(0.25, dataclasses.replace(work, parts=None)))
    assert not np.array_equal(other, first)


def test_conditions_are_in_the_order_of_the_manifest(spec, micro):
    """Frozen clips have the middle frame's means, whatever the order of encoding."""
    videos = micro.videos("ucf101")
    work = Work(torch.device("cpu"), 3, 0, None, progress=False)
    alteration = Alteration(clips=3, beta=0.5, world=None, seed=0)
    found = encode_conditions(Means(), videos, spec, work, {}, alteration)
    test = videos.select("test")
    assert found.videos.tolist() == test.table["video"].tolist()
    assert found.meta["foreground"] == "fame"
    dataset = UniformClips(test, spec.frames, spec.stride, spec.clips)
    batch = collate([dataset[row] for row in range(8)])
    views = spec.normalised(spec.cropped(batch.clips, batch.sizes))[:, :, :, 2:3]
    wanted = Means()(views.flatten(0, 1)).unflatten(0, (8, 3)).numpy()
    frozen = found.features.reshape(8, 5, 3, 12)[:, CONDITIONS.index("frozen")]
    np.testing.assert_allclose(frozen, wanted, atol=1e-5)
    labels = dict(zip(found.videos.tolist(), found.labels.tolist(), strict=True))
    for video, donor in zip(found.videos.tolist(), found.meta["donors"], strict=True):
        assert labels[video] != labels[donor]


def test_a_scale_without_bias_probes_is_refused(micro):
    scale = load_scale(str(micro.scale("unbiased", {"evaluate.bias": None})))
    with pytest.raises(FameError, match=r"evaluate\.bias to null; set it first"):
        Alteration.of(scale, None, 0)
