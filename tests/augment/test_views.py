"""Views of a batch: in the paper's order, merged as the recipe says, the same in any world."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_batch import (
    CLIPS,
    COLOURFUL,
    GROUP,
    MEAN,
    PLAIN,
    SIZE,
    STD,
    batch,
    cut,
    mixing,
    pairs,
    world,
)

from fame.augment.crop import crop_resize_flip
from fame.augment.frame_colours import colour_frames
from fame.augment.masks.seed import mask
from fame.augment.merge import donors
from fame.augment.photometric import normalise, photometric


def merged_by_hand(clips, others):
    """Clip by clip, pixel by pixel: foreground of the clip, else the other's."""
    masks = mask(clips, 0.5)
    result = others.clone()
    for row in range(len(clips)):
        result[row] = torch.where(masks[row] > 0.5, clips[row], others[row])
    return result


@settings(max_examples=12)
@given(
    size=st.sampled_from([2, 4]),
    step=st.integers(0, 10**6),
    background=st.sampled_from(["inter", "intra"]),
    kind=st.sampled_from(["derangement", "permutation"]),
    which=st.sampled_from(["fame", "seed", "gauss", "grid"]),
)
def test_processes_share_out_the_views_of_one(size, step, background, kind, which):
    mix = mixing(background=background, donors=kind, mask=which)
    whole = pairs(mix)(batch(), step)
    each = CLIPS // size
    parts = [
        pairs(mix, at=world(rank, size))(batch(rows=slice(rank * each, rank * each + each)), step)
        for rank in range(size)
    ]
    for slot in range(2):
        assert torch.equal(whole[slot], torch.cat([part[slot] for part in parts]))


def test_no_merging_is_geometry_then_colour_then_normalising():
    for slot, view in enumerate(pairs(None)(batch(), 0)):
        clips, chosen = cut(slot)
        assert torch.equal(view, normalise(photometric(clips, chosen, "torchvision"), MEAN, STD))


def test_donors_come_from_the_group_and_change_with_slot_and_step():
    # A group of two has a single derangement, which changes with nothing.
    group, seen, orders = 4, set(), set()
    views = pairs(mixing(), PLAIN, group=group)
    for step in (3, 4):
        for slot, view in enumerate(views(batch(), step)):
            clips, _ = cut(slot)
            order = donors(5, 2 * step + slot, 0, CLIPS // group, group, "derangement")
            orders.add(tuple(order))
            expected = merged_by_hand(clips, clips[torch.from_numpy(order)])
            torch.testing.assert_close(view, normalise(expected, MEAN, STD))
    assert len(orders) == 4
    permuted = pairs(mixing(donors="permutation"), PLAIN)
    for step in range(6):
        seen.add(permuted(batch(), step)[0].sum().item())
    assert len(seen) > 1


def test_single_merges_the_first_clip_only():
    merged = pairs(mixing(merged_views="single"))(batch(), 0)
    plain = pairs(None)(batch(), 0)
    assert not torch.equal(merged[0], plain[0])
    assert torch.equal(merged[1], plain[1])


def test_intra_takes_the_background_of_the_other_clip():
    both = pairs(mixing(background="intra"), PLAIN)(batch(), 0)
    (first, _), (second, _) = cut(0), cut(1)
    for view, expected in zip(
        both, (merged_by_hand(first, second), merged_by_hand(second, first)), strict=True
    ):
        torch.testing.assert_close(view, normalise(expected, MEAN, STD))


def test_merging_comes_before_colour():
    clips, chosen = cut(0)
    order = donors(5, 0, 0, CLIPS // GROUP, GROUP, "derangement")
    merged = merged_by_hand(clips, clips[torch.from_numpy(order)])
    expected = normalise(photometric(merged, chosen, "torchvision"), MEAN, STD)
    torch.testing.assert_close(pairs(mixing())(batch(), 0)[0], expected)


@pytest.mark.parametrize("slots", [1, 3])
def test_as_many_views_as_clips(slots):
    made = pairs(mixing())(batch(slots), 0)
    assert [view.shape for view in made] == [(CLIPS, 3, 3, SIZE, SIZE)] * slots


def test_a_sample_keeps_its_view_wherever_it_stands():
    order = torch.tensor([5, 0, 7, 1])
    whole, some = pairs(None)(batch(), 0), pairs(None)(batch(rows=order), 0)
    for everything, few in zip(whole, some, strict=True):
        assert torch.equal(everything[order], few)


def test_views_in_double_precision():
    exact = pairs(mixing(), dtype=torch.float64)(batch(), 0)
    usual = pairs(mixing())(batch(), 0)
    for double, single in zip(exact, usual, strict=True):
        assert (double.dtype, single.dtype) == (torch.float64, torch.float32)
        torch.testing.assert_close(double.float(), single, rtol=1e-4, atol=1e-4)


def test_slots_share_what_they_are_told_to():
    same = batch()
    same.clips[:, 1] = same.clips[:, 0]
    alone = pairs(None)(same, 0)
    assert not torch.equal(*alone)
    twins = pairs(None).sharing(crops=(0, 0), colours=(0, 0))(same, 0)
    assert torch.equal(*twins) and torch.equal(twins[0], alone[0])
    second = pairs(None).sharing(crops=(1, 1), colours=(1, 0))
    assert torch.equal(*second.cropped(same)) and torch.equal(second(same, 0)[0], alone[1])
    assert not torch.equal(*second(same, 0))


def test_cropped_clips_are_those_before_colours():
    for slot, clips in enumerate(pairs(mixing()).cropped(batch())):
        assert torch.equal(clips, cut(slot)[0])


def test_other_settings_and_sizes_keep_the_draws():
    squares = pairs(None).with_settings(crop_aspect=(1, 1))
    boxes = torch.stack([chosen.boxes for chosen in squares.draws(batch())])
    assert (boxes[..., 2] == boxes[..., 3]).all()
    clean = pairs(None).uncoloured()
    assert torch.equal(clean(batch(), 0)[1], pairs(None, PLAIN)(batch(), 0)[1])
    small = clean.sized(8).cropped(batch())[0]
    chosen = cut(0)[1]
    assert torch.equal(small, crop_resize_flip(batch().clips[:, 0], chosen.boxes, chosen.flip, 8))


def test_whole_frames_are_neither_cropped_nor_flipped():
    whole = pairs(None).whole_frames().sized(20).cropped(batch())[0]
    still = torch.zeros(CLIPS, dtype=torch.bool)
    boxes = torch.tensor([[0, 0, 24, 20]] * CLIPS)
    assert torch.equal(whole, crop_resize_flip(batch().clips[:, 0], boxes, still, 20))


def test_colours_of_frames_need_no_change_of_crops():
    by_frame = pairs(None).colouring_frames()
    assert torch.equal(by_frame.cropped(batch())[0], cut(0)[0])
    expected = colour_frames(cut(0)[0], COLOURFUL, 5, "view0", batch())
    assert torch.equal(by_frame(batch(), 0)[0], normalise(expected, MEAN, STD))
    assert torch.equal(by_frame.explain(batch(), 0)[0].coloured, expected)
    shared = by_frame.sharing(crops=(0, 0), colours=(0, 0)).explain(batch(), 0)[1]
    assert torch.equal(shared.coloured, colour_frames(shared.clips, COLOURFUL, 5, "view0", batch()))
