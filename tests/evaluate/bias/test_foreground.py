import dataclasses

import numpy as np
import pytest
import torch
from micro_world import MICRO

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.data.clips.batch import collate
from fame.data.clips.dataset import UniformClips
from fame.data.clips.sampling import clip_indices, uniform_starts
from fame.data.synthetic import true_masks
from fame.evaluate.bias.foreground import MotionForeground, TrueForeground
from fame.evaluate.features.clipspec import ClipSpec


@pytest.fixture(scope="module")
def native():
    """Crops of 32 of the worlds' 40 pixels, not resized."""
    scale = load_scale(str(MICRO))
    found = ClipSpec.of(scale, scale.backbones["r2plus1d"], scale.pretrain.views)
    return dataclasses.replace(found, clips=3, size=32, crop="native")


def asked(micro, spec, videos=None, rows=range(4)):
    """The batch, its views, and its masks."""
    videos = videos or micro.videos("ucf101").select("test")
    dataset = UniformClips(
        videos, spec.frames, spec.stride, spec.clips, max_short_side=spec.max_short_side
    )
    batch = collate([dataset[row] for row in rows])
    views = spec.cropped(batch.clips, batch.sizes)
    truth = TrueForeground(videos, micro.place / "ucf101-w0", spec)
    return videos, views, truth(batch, views)


def whole(micro, videos, row):
    path = videos.root / videos.table["path"].iloc[row]
    return true_masks(path, micro.place / "ucf101-w0")


def test_masks_are_the_files_own_cut_out(micro, native):
    """Frame by frame, four pixels off each side."""
    videos, _, masks = asked(micro, native)
    for row in range(4):
        every = whole(micro, videos, row)
        for clip, start in enumerate(uniform_starts(16, 4, 2, 3)):
            for frame, number in enumerate(clip_indices(start, 16, 4, 2)):
                wanted = every[number][4:36, 4:36]
                assert np.array_equal(masks[row, clip, frame].numpy(), wanted)


def test_a_video_that_starts_later_takes_later_masks(micro, native):
    """The manifest may leave out the first frames of a file."""
    videos = micro.videos("ucf101").select("test")
    late = dataclasses.replace(videos, table=videos.table.assign(start=5, frames=11))
    _, _, masks = asked(micro, native, late)
    every = whole(micro, videos, 0)
    assert np.array_equal(masks[0, 0, 0].numpy(), every[5][4:36, 4:36])
    assert np.array_equal(masks[0, 2, 3].numpy(), every[5 + 3 + 6][4:36, 4:36])


def test_the_sprite_is_what_moves(micro, native):
    """Pixels under the masks differ from a video's still background, the others hardly do."""
    _, views, masks = asked(micro, native, rows=range(8))
    still = views.transpose(2, 3).flatten(1, 2).median(1).values
    change = (views - still[:, None, :, None]).abs().mean(2)
    inside, outside = change[masks].mean(), change[~masks].mean()
    assert inside > 3 * outside


@pytest.mark.parametrize("max_short_side", [None, 20])
def test_masks_follow_any_resize(micro, native, max_short_side):
    """A smaller crop of a resized frame: masks and pixels keep their places."""
    spec = dataclasses.replace(native, crop="short-side", size=16, max_short_side=max_short_side)
    _, _, masks = asked(micro, spec)
    full = dataclasses.replace(native, size=40)
    _, _, large = asked(micro, full)
    # The crop is 7/8 of the side: 35 of 40 pixels from 2.5 on.
    centres = 2.5 + (np.arange(16) + 0.5) * 35 / 16
    nearest = large[..., centres.astype(int), :][..., centres.astype(int)]
    assert (masks == nearest).float().mean() > 0.95
    shares = [m.float().mean((3, 4)) for m in (masks, nearest)]
    assert (shares[0] - shares[1]).abs().max() < 0.06


def test_videos_of_unequal_size_are_padded_and_cropped_back(micro, native):
    """A wider neighbour in the batch shifts no mask."""
    videos = micro.videos("ucf101").select("test")
    dataset = UniformClips(videos, native.frames, native.stride, native.clips)
    batch = collate([dataset[row] for row in range(2)])
    wide = torch.nn.functional.pad(batch.clips, (0, 9, 0, 3))
    padded = dataclasses.replace(batch, clips=wide)
    truth = TrueForeground(videos, micro.place / "ucf101-w0", native)
    views = native.cropped(batch.clips, batch.sizes)
    assert torch.equal(truth(padded, views), truth(batch, views))


def test_a_foreign_world_is_refused(micro, native):
    videos = micro.videos("ucf101").select("test")
    dataset = UniformClips(videos, native.frames, native.stride, native.clips)
    batch = collate([dataset[0]])
    views = native.cropped(batch.clips, batch.sizes)
    truth = TrueForeground(videos, micro.place / "kinetics400-w0", native)
    with pytest.raises(FameError, match="give a video of this world"):
        truth(batch, views)


def test_fames_mask_is_still_and_keeps_its_share(micro, native):
    _, views, masks = asked(micro, native)
    found = MotionForeground(0.3)(None, views)
    assert found.shape == masks.shape
    assert torch.equal(found[:, :, :1].expand_as(found), found)
    kept = found[:, :, 0].sum((2, 3))
    assert (kept == int(0.3 * 32 * 32)).all()
