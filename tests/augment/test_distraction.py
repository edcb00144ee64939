"""Background Erasing's distraction: a still frame in every frame, by keyed draws."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_batch import PLAIN, SIZE, batch, cut, pairs, world

from fame.augment.distraction import Distraction, distract, frames_of, weight_of
from fame.augment.photometric import normalise, photometric

CHANGE = Distraction(5, 0.3)


def random_clips(seed, shape=(3, 2, 4, 5, 6)):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@settings(max_examples=20)
@given(seed=st.integers(0, 999), weight=st.floats(0, 1))
def test_it_equals_the_slow_version(seed, weight):
    clips, frames = random_clips(seed), [seed % 4, 3, 0]
    distracted = distract(clips, weight, torch.tensor(frames)).numpy()
    pixels = clips.numpy()
    for b, c, t, y, x in np.ndindex(pixels.shape):
        still = pixels[b, c, frames[b], y, x]
        expected = (1 - weight) * pixels[b, c, t, y, x] + weight * still
        assert distracted[b, c, t, y, x] == pytest.approx(expected, abs=1e-12)


def test_weight_0_changes_nothing_and_1_stops_all_motion():
    clips, frames = random_clips(1), torch.tensor([2, 0, 1])
    torch.testing.assert_close(distract(clips, 0.0, frames), clips)
    stopped = distract(clips, 1.0, frames)
    torch.testing.assert_close(stopped, stopped[:, :, :1].expand_as(stopped))


def test_motion_shrinks_by_the_weight_and_the_range_is_kept():
    clips = random_clips(2)
    distracted = distract(clips, 0.3, torch.tensor([0, 1, 3]))
    torch.testing.assert_close(distracted.diff(dim=2), 0.7 * clips.diff(dim=2))
    assert distracted.min() >= clips.min() and distracted.max() <= clips.max()


def test_it_commutes_with_normalising():
    clips, frames = random_clips(3, (3, 3, 4, 5, 6)), torch.tensor([0, 1, 3])
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)
    torch.testing.assert_close(
        normalise(distract(clips, 0.2, frames), mean, std),
        distract(normalise(clips, mean, std), 0.2, frames),
    )


def test_weights_are_uniform_one_for_a_step_and_new_for_each():
    drawn = np.array([weight_of(0, step, 0.3) for step in range(4000)])
    assert drawn.min() >= 0 and drawn.max() < 0.3
    assert np.quantile(drawn, [0.25, 0.5, 0.75]) == pytest.approx([0.075, 0.15, 0.225], abs=0.01)
    assert weight_of(0, 7, 0.3) == drawn[7] != weight_of(1, 7, 0.3)


def test_frames_depend_on_epoch_and_video_only():
    whole = frames_of(5, batch(), 100)
    order = torch.tensor([5, 0, 7])
    assert torch.equal(frames_of(5, batch(rows=order), 100), whole[order])
    assert len(set(whole.tolist())) > 4
    later = batch()
    later.epochs.add_(1)
    assert not torch.equal(frames_of(5, later, 100), whole)


def test_every_frame_is_drawn():
    many = batch()
    seen = set()
    for _ in range(20):
        many.epochs.add_(1)
        seen |= set(frames_of(5, many, 3).tolist())
    assert seen == {0, 1, 2}


def test_the_first_views_are_distracted_between_crop_and_colour_the_second_are_not():
    views = pairs(None).changed(CHANGE)(batch(), 9)
    clips, chosen = cut(0)
    expected = distract(clips, weight_of(5, 9, 0.3), frames_of(5, batch(), clips.shape[2]))
    mean, std = PLAIN.mean, PLAIN.std
    assert torch.equal(views[0], normalise(photometric(expected, chosen, "torchvision"), mean, std))
    assert torch.equal(views[1], pairs(None)(batch(), 9)[1])


def test_views_explain_what_was_changed():
    views = pairs(None).changed(CHANGE)
    steps, made = views.explain(batch(), 9), views(batch(), 9)
    assert not torch.equal(steps[0].merged, steps[0].clips)
    assert torch.equal(steps[1].merged, steps[1].clips)
    for step, view in zip(steps, made, strict=True):
        assert torch.equal(normalise(step.coloured, PLAIN.mean, PLAIN.std), view)


def test_changing_views_leaves_the_original_as_it_was():
    views = pairs(None)
    before = views(batch(), 0)
    views.changed(CHANGE), views.with_normalisation((0.5,) * 3, (0.5,) * 3)
    for old, new in zip(before, views(batch(), 0), strict=True):
        assert torch.equal(old, new)


def test_colours_of_ones_own():
    views = pairs(None, PLAIN).with_normalisation((0.5,) * 3, (0.5,) * 3)(batch(), 0)
    for slot, view in enumerate(views):
        torch.testing.assert_close(view, 2 * cut(slot)[0] - 1)
        assert view.shape[-1] == SIZE


@pytest.mark.parametrize("size", [2, 4])
def test_processes_share_out_the_views_of_one(size):
    whole = pairs(None).changed(CHANGE)(batch(), 3)
    each = len(whole[0]) // size
    for rank in range(size):
        rows = slice(rank * each, rank * each + each)
        part = pairs(None, at=world(rank, size)).changed(CHANGE)(batch(rows=rows), 3)
        for slot in range(2):
            assert torch.equal(part[slot], whole[slot][rows])
