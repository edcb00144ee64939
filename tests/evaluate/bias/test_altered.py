import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from micro_world import MICRO

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.data.clips.batch import collate
from fame.data.clips.dataset import UniformClips
from fame.data.manifest import Manifest
from fame.evaluate.bias.altered import (
    AlteredClips,
    chosen_clips,
    class_mixed,
    donors,
    shuffled_frames,
)
from fame.evaluate.bias.background import GREY, widen
from fame.evaluate.bias.foreground import MotionForeground, TrueForeground
from fame.evaluate.bias.scores import CONDITIONS
from fame.evaluate.features import encode
from fame.evaluate.features.clipspec import ClipSpec

BATCHES = [range(0, 4), range(4, 8)]


@pytest.fixture(scope="module")
def spec():
    scale = load_scale(str(MICRO))
    found = ClipSpec.of(scale, scale.backbones["r2plus1d"], scale.pretrain.views)
    return dataclasses.replace(found, clips=3, size=32)


@pytest.fixture(scope="module")
def mixed_videos(micro):
    videos = micro.videos("ucf101").select("test")
    order = class_mixed(videos.labels(), 0)
    rows = videos.table.iloc[order].reset_index(drop=True)
    return Manifest(videos.dataset, videos.root, rows, videos.classes)


def altered(spec, videos, micro, foreground=None):
    plain = dataclasses.replace(spec, mean=(0, 0, 0), std=(1, 1, 1))
    truth = foreground or TrueForeground(videos, micro.place / "ucf101-w0", plain)
    return AlteredClips(plain, 2, truth, videos.labels(), BATCHES, seed=5)


@pytest.fixture(scope="module")
def shows(spec, mixed_videos, micro):
    """The originals and the five conditions of four videos, by name, not normalised."""
    dataset = UniformClips(mixed_videos, spec.frames, spec.stride, spec.clips)
    batch = collate([dataset[row] for row in BATCHES[1]])
    batch = dataclasses.replace(batch, indices=torch.arange(4, 8))
    show = altered(spec, mixed_videos, micro)
    found = dict(zip(CONDITIONS, show(batch), strict=True))
    views = spec.cropped(batch.clips, batch.sizes)
    masks = show.foreground(batch, views)[:, show.chosen]
    return found | {"masks": masks, "original": views[:, show.chosen], "donors": show.donors}


def test_shapes(shows):
    assert all(shows[name].shape == (4, 2, 3, 4, 32, 32) for name in CONDITIONS)


def test_foreground_on_grey(shows):
    masks = shows["masks"][:, :, None].expand_as(shows["original"])
    assert 0.02 < masks.float().mean() < 0.5
    assert torch.equal(shows["foreground"][masks], shows["original"][masks])
    assert shows["foreground"][~masks].eq(GREY).all()


def test_background_changes_nothing_but_the_foreground(shows):
    far = ~widen(shows["masks"])[:, :, None].expand_as(shows["original"])
    assert torch.equal(shows["background"][far], shows["original"][far])
    masks = shows["masks"][:, :, None].expand_as(shows["original"])
    assert (shows["background"] - shows["original"])[masks].abs().mean() > 0.1


def test_conflict_takes_another_class_behind(shows, mixed_videos):
    labels = mixed_videos.labels()
    masks = shows["masks"][:, :, None].expand_as(shows["original"])
    assert torch.equal(shows["conflict"][masks], shows["original"][masks])
    for place, donor in enumerate(shows["donors"][4:8]):
        assert labels[donor] != labels[4 + place]
        outside = ~masks[place]
        given_ = shows["background"][donor - 4]
        assert torch.equal(shows["conflict"][place][outside], given_[outside])


def test_frozen_and_shuffled(shows):
    original = shows["original"]
    assert torch.equal(shows["frozen"], original[:, :, :, 2:3].expand_as(original))
    for place in range(4):
        order = shuffled_frames(4, 5, 4 + place)
        assert torch.equal(shows["shuffled"][place], original[place][:, :, order])


@given(labels=some.lists(some.integers(0, 4), min_size=1, max_size=40), seed=some.integers(0, 9))
def test_donors_are_of_another_class_of_the_same_batch(labels, seed):
    labels = np.array(labels)
    order = class_mixed(labels, seed)
    assert sorted(order) == list(range(len(labels)))
    mixed, batches = labels[order], encode.pieces(range(len(labels)), 5)
    found = donors(mixed, batches, seed)
    for rows in batches:
        for row in rows:
            alone = len(set(mixed[list(rows)])) == 1
            assert (found[row] == -1) == alone
            assert alone or (found[row] in rows and mixed[found[row]] != mixed[row])


@given(count=some.integers(1, 90), size=some.integers(1, 20))
def test_pieces_are_whole_and_about_equal(count, size):
    found = encode.pieces(range(count), size)
    assert [row for piece in found for row in piece] == list(range(count))
    lengths = {len(piece) for piece in found}
    assert max(lengths) <= size
    assert max(lengths) - min(lengths) <= 1


def test_equal_classes_are_spread():
    labels = np.repeat([0, 1, 2, 3], 6)
    mixed = labels[class_mixed(labels, 0)]
    assert all(len(set(mixed[start : start + 4])) == 4 for start in range(0, 24, 4))


@given(frames=some.integers(2, 9), row=some.integers(0, 99))
def test_shuffled_frames_are_another_order(frames, row):
    order = shuffled_frames(frames, 0, row)
    assert sorted(order) == list(range(frames))
    assert list(order) != list(range(frames))
    assert np.array_equal(order, shuffled_frames(frames, 0, row))


def test_one_frame_cannot_be_shuffled():
    with pytest.raises(FameError, match="2 frames"):
        shuffled_frames(1, 0, 0)


def test_chosen_clips():
    assert chosen_clips(10, 4).tolist() == [0, 3, 6, 9]
    assert chosen_clips(10, 10).tolist() == list(range(10))


def test_fame_masks_stand_in_where_nobody_knows(spec, mixed_videos, micro):
    dataset = UniformClips(mixed_videos, spec.frames, spec.stride, spec.clips)
    batch = collate([dataset[row] for row in range(2)])
    views = spec.cropped(batch.clips, batch.sizes)
    masks = MotionForeground(0.25)(batch, views)
    assert masks.shape == (2, 3, 4, 32, 32)
    assert masks.float().mean() == 0.25
    assert torch.equal(masks[:, :, 0], masks[:, :, 3])
