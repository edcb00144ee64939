"""Activation maps: known maps, known shares, orientation, and every pair for the control."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from micro_world import choose
from small_videos import write_dataset

from fame.core.distributed import World
from fame.core.errors import FameError
from fame.core.files import sha256, write_json
from fame.data.clips.dataset import UniformClips
from fame.data.manifest import Manifest
from fame.data.synthetic import true_masks
from fame.evaluate.bias.foreground import MotionForeground
from fame.evaluate.features.activation_maps import (
    activation_maps,
    measure,
    middle,
    share,
    spread_choice,
)
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import Work
from fame.evaluate.results import read_result
from fame.evaluate.tasks.activation import run as activation
from fame.models import build_encoder
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.encoder import Encoder
from fame.models.files import save_encoder

CPU = torch.device("cpu")
WORK = Work(CPU, batch=2, workers=0, parts=None, progress=False)
PLAIN = {"crop": "native", "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0), "max_short_side": None}
SPEC = ClipSpec(clips=10, frames=4, stride=2, size=16, **PLAIN)


class Fixed(Encoder):
    """Answers every clip with the same map."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.feature_dim = answer, len(answer)

    def maps(self, x):
        return self.answer.expand(len(x), *self.answer.shape)


class Bright(Encoder):
    """Its map is the clip itself, pooled: two channels whose sum is the red and green."""

    feature_dim = 2

    def maps(self, x):
        return torch.nn.functional.avg_pool3d(x[:, :2], 2)


class Half:
    """The foreground is what is redder than 0.5."""

    name = "half"

    def __init__(self, *_):
        pass

    def __call__(self, batch, views):
        return views[:, :, 0] > 0.5


def test_channels_are_summed_and_the_highest_is_one():
    answer = torch.zeros(2, 1, 2, 2)
    answer[0, 0, 0, 0], answer[1, 0, 0, 0], answer[1, 0, 1, 1] = 1, 3, 2
    maps = activation_maps(Fixed(answer), torch.zeros(3, 3, 1, 2, 2))
    wanted = torch.tensor([[[1.0, 0.0], [0.0, 0.5]]])
    torch.testing.assert_close(maps, wanted.expand(3, 1, 2, 2))


@pytest.mark.parametrize("corner", [(t, y, x) for t in (0, 1) for y in (0, 2) for x in (0, 3)])
def test_a_hot_corner_stays_in_its_corner_and_time(corner):
    answer = torch.zeros(1, 2, 3, 4)
    answer[(0, *corner)] = 5
    (found,) = activation_maps(Fixed(answer), torch.zeros(1, 3, 8, 12, 20))
    assert found.shape == (8, 12, 20)
    hot = np.argwhere((found == found.max()).numpy()).mean(0)
    wanted = [7 * (corner[0] > 0), 11 * (corner[1] > 0), 19 * (corner[2] > 0)]
    assert np.abs(hot - wanted).max() <= 2.5
    assert found.max() == 1


def test_enlarging_is_trilinear():
    """Against one dimension after another by NumPy; pixels lie at their centres."""
    answer = torch.rand(1, 2, 3, 4, generator=torch.Generator().manual_seed(0))
    found = activation_maps(Fixed(answer), torch.zeros(1, 3, 5, 7, 10))[0].numpy()
    wanted = (answer[0] / answer.max()).numpy()
    for axis, size in enumerate((5, 7, 10)):
        old = wanted.shape[axis]
        at = (np.arange(size) + 0.5) * old / size - 0.5
        wanted = np.apply_along_axis(
            lambda row, a=at, o=old: np.interp(a, range(o), row), axis, wanted
        )
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_known_shares():
    maps = torch.tensor([[[[1.0, 3.0], [0.0, 4.0]]], [[[1.0, 0.0], [0.0, 0.0]]]])
    masks = torch.tensor([[[[True, False], [True, True]]], [[[False, True], [True, True]]]])
    torch.testing.assert_close(share(maps, masks), torch.tensor([5 / 8, 0.0]).double())


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1))
def test_a_uniform_map_has_the_foregrounds_area(seed, level):
    masks = torch.from_numpy(np.random.default_rng(seed).random((3, 2, 4, 5)) < 0.4)
    found = share(torch.full((3, 2, 4, 5), level), masks)
    torch.testing.assert_close(found, masks.double().mean((1, 2, 3)))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.integers(1, 30), st.integers(0, 9))
def test_the_choice_takes_every_class_before_any_twice(labels, count, seed):
    labels = np.array(labels)
    rows = spread_choice(labels, count, seed)
    assert len(set(rows)) == len(rows) == min(count, len(labels))
    taken = {label: (labels[rows] == label).sum() for label in np.unique(labels)}
    for label, number in taken.items():
        left = (labels == label).sum() - number
        assert left == 0 or number >= max(taken.values()) - 1
    np.testing.assert_array_equal(rows, spread_choice(labels, count, seed))


def test_the_choice_is_keyed():
    labels = np.arange(40) % 4
    assert spread_choice(labels, 4, 0).tolist() != spread_choice(labels, 4, 1).tolist()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Lossless videos of 24 x 32 pixels; the first is shorter than a clip."""
    return write_dataset(tmp_path_factory.mktemp("small"), [5, 30, 13, 9, 8])[0]


def test_the_middle_clip_is_the_second_of_three(small):
    cut = UniformClips(middle(small, 4, 2), 4, 2, 1)
    whole = UniformClips(small, 4, 2, 3)
    for row in range(len(small)):
        assert torch.equal(cut[row].clips[0], whole[row].clips[1])


def pictured(manifest, choice=(3, 0), encoder=None):
    return measure(encoder or Bright(), manifest, SPEC, WORK, Half, np.array(choice))


def slow(manifest):
    """Each video's map and mask by plain steps, the shares of all pairs."""
    clips = UniformClips(manifest, 4, 2, 3)
    maps, masks = [], []
    for row in range(len(manifest)):
        views = SPEC.cropped(clips[row].clips[None, 1:2], torch.tensor([[24, 32]]))[0, 0]
        coarse = views[:2].reshape(2, 2, 2, 8, 2, 8, 2).mean((2, 4, 6)).sum(0)
        maps.append(activation_maps(Fixed(coarse[None]), views[None])[0].numpy())
        masks.append((views[0] > 0.5).numpy())
    return np.array(
        [[(one * mask).sum() / one.sum() for mask in masks] for one in maps], dtype=np.float64
    ), np.array([mask.mean() for mask in masks])


def test_shares_areas_and_the_control_are_those_of_all_pairs(small):
    found = pictured(small)
    pairs, areas = slow(small)
    np.testing.assert_allclose(found.shares, np.diag(pairs), rtol=1e-5)
    np.testing.assert_allclose(found.areas, areas, rtol=1e-5)
    others = pairs[~np.eye(len(pairs), dtype=bool)]
    assert found.elsewhere == pytest.approx(others.mean(), rel=1e-5)
    assert found.videos == [f"v{row}" for row in range(5)]


def test_a_uniform_map_shares_the_area_on_every_video(small):
    found = pictured(small, encoder=Fixed(torch.ones(3, 2, 4, 4)))
    np.testing.assert_allclose(found.shares, found.areas, rtol=1e-6)
    assert found.elsewhere == pytest.approx(found.areas.mean(), rel=1e-6)


def test_pictures_are_of_the_chosen_videos_in_their_order(small):
    pictures = pictured(small, choice=(3, 0, 4)).pictures
    assert pictures.videos.tolist() == ["v3", "v0", "v4"]
    assert pictures.labels.tolist() == ["odd", "even", "even"]
    clips = UniformClips(small, 4, 2, 3)
    for place, row in enumerate((3, 0, 4)):
        native = clips[row].clips[1].permute(1, 2, 3, 0).numpy()
        np.testing.assert_array_equal(pictures.frames[place], native[:, 4:20, 8:24])
    np.testing.assert_array_equal(pictures.masks, pictures.frames[..., 0] > 127)
    assert pictures.maps.shape == pictures.masks.shape == (3, 4, 16, 16)
    assert (pictures.maps >= 0).all()
    assert (pictures.maps <= 1).all()


def test_batches_do_not_matter(small):
    one, many = (
        pictured(small),
        measure(
            Bright(), small, SPEC, Work(CPU, 5, 0, None, progress=False), Half, np.array([3, 0])
        ),
    )
    np.testing.assert_array_equal(one.shares, many.shares)
    assert one.elsewhere == pytest.approx(many.elsewhere, rel=1e-12)


@pytest.mark.parametrize("value", [0.0, torch.nan, torch.inf])
def test_a_dead_encoder_is_named_by_its_video(small, value):
    with pytest.raises(FameError, match="video 'v0' no finite activation"):
        pictured(small, encoder=Fixed(torch.full((1, 2, 4, 4), value)))


def test_one_video_is_too_few(small):
    alone = Manifest("small", small.root, small.table.iloc[:1], small.classes)
    with pytest.raises(FameError, match="two test videos"):
        pictured(alone, choice=(0,))


@pytest.fixture(scope="module")
def trained(micro, tmp_path_factory):
    """Scale, run, and its encoder with a card."""
    changes = {"evaluate.activation.shown": 3, "evaluate.activation.size": 48}
    scale, run = choose(micro.scale("activation", changes), "random-r2plus1d")
    path = tmp_path_factory.mktemp("trained") / "encoder.safetensors"
    save_encoder(path, build_encoder(scale.backbones["r2plus1d"].encoder, seed=0))
    write_json(path.with_name("card.json"), {"run": run.id, "encoder_sha256": sha256(path)})
    return scale, run, path


def test_a_mini_world_gives_pictures_and_true_shares(micro, trained, tmp_path):
    scale, run, encoder = trained
    place, out = micro.manifest("ucf101"), tmp_path / "a" / "activation.json"
    activation(scale, run, encoder, place, out, World(0, 1, CPU), place.parent)
    result, test = read_result(out), micro.videos("ucf101").select("test")
    details = result["details"]
    assert result["task"] == "activation"
    assert (result["run"], result["data"]) == (run.id, "ucf101-w0")
    assert details["videos"] == test.table["video"].tolist()
    assert details["foreground"] == "true"
    assert result["metrics"]["share"] == pytest.approx(np.mean(details["shares"]), abs=1e-5)
    # The crop cuts off background: a sprite's share of it is at least its share of the frame.
    wholes = [true_masks(test.root / path, place.parent).mean() for path in test.table["path"]]
    assert np.mean(wholes) * 0.9 < result["metrics"]["area"] < 2 * np.mean(wholes)
    with np.load(out.with_suffix(".npz")) as arrays:
        assert arrays["videos"].tolist() == details["pictures"]
        assert arrays["maps"].shape == arrays["frames"].shape[:-1]
        assert arrays["frames"].shape[-3:] == (48, 48, 3)
        sprite = arrays["masks"]
        inside = [clip[mask].std() for clip, mask in zip(arrays["frames"], sprite, strict=True)]
        assert min(inside) > 0


def test_a_real_encoder_that_looks_at_the_sprite_has_a_larger_share(micro):
    """The truth itself, pooled, as the map: far above its area and above the control."""

    class Knows(Encoder):
        feature_dim = 1

        def maps(self, x):
            return self.masks.pop(0)[:, None].float() + 0.01

    class Told:
        def __init__(self, videos, spec):
            from fame.evaluate.bias.foreground import TrueForeground

            self.truth = TrueForeground(videos, micro.manifest("ucf101").parent, spec)

        def __call__(self, batch, views):
            masks = self.truth(batch, views)
            knows.masks = [masks[:, 0]]
            return masks

    knows = Knows()
    test = micro.videos("ucf101").select("test")
    found = measure(knows, test, SPEC, WORK, Told, np.array([0]))
    wanted = 1.01 * found.areas / (found.areas + 0.01)
    np.testing.assert_allclose(found.shares, wanted, rtol=1e-3)
    assert found.elsewhere < found.shares.mean()


def test_another_runs_or_a_changed_encoder_is_refused(micro, trained, tmp_path):
    scale, run, encoder = trained
    rest = (micro.manifest("ucf101"), tmp_path / "a.json", World(0, 1, CPU), None)
    copy = tmp_path / "encoder.safetensors"
    copy.write_bytes(encoder.read_bytes())
    write_json(tmp_path / "card.json", {"run": "other-s0", "encoder_sha256": sha256(copy)})
    with pytest.raises(FameError, match="is the run 'other-s0'"):
        activation(scale, run, copy, *rest)
    write_json(tmp_path / "card.json", {"run": run.id, "encoder_sha256": "0"})
    with pytest.raises(FameError, match="does not describe"):
        activation(scale, run, copy, *rest)
    assert not (tmp_path / "a.npz").exists()


def test_another_world_is_refused(micro, trained, tmp_path):
    scale, run, encoder = trained
    other = micro.manifest("kinetics400").parent
    with pytest.raises(FameError, match=r"is not the world that holds it|is not under"):
        activation(
            scale,
            run,
            encoder,
            micro.manifest("ucf101"),
            tmp_path / "a.json",
            World(0, 1, CPU),
            other,
        )


def test_real_clips_have_fames_mask_for_a_foreground(shared):
    listed = pd.read_csv(shared / "videos" / "MANIFEST.csv")
    chosen = listed[listed["dataset"] == "UCF-101"].groupby("class").head(1).head(3)
    table = pd.DataFrame(
        {
            "video": chosen["path"],
            "path": chosen["path"],
            "dataset": "ucf101",
            "label": chosen["class"],
            "group": chosen["group"],
            "split": "test",
            "start": 0,
            "frames": chosen["frames"],
            "fps": chosen["fps"],
            "width": chosen["width"],
            "height": chosen["height"],
            "status": "ok",
        }
    )
    videos = Manifest("ucf101", shared / "videos", table, sorted(set(chosen["class"])))
    settings = R2Plus1DSettings(arch="r2plus1d", width=4, layers=(1, 1, 1, 1), round_middle=4)
    spec = ClipSpec(clips=1, frames=8, stride=4, size=64, **PLAIN | {"max_short_side": 80})
    encoder = build_encoder(settings, seed=0)
    found = measure(encoder, videos, spec, WORK, lambda *_: MotionForeground(0.3), np.array([2, 1]))
    np.testing.assert_allclose(found.areas, 0.3, atol=1e-3)
    assert ((found.shares > 0) & (found.shares < 1)).all()
    assert found.pictures.frames.std() > 10
    assert encoder.training
