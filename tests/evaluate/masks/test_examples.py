"""Examples for figures: the clips they show, and a pair exactly as training makes it."""

import os

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from micro_world import MICRO
from small_videos import pictures, write_dataset, write_video

from fame.augment.photometric import normalise
from fame.augment.views import Views
from fame.config.reading import load_scale
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.data.clips.dataset import TrainClips
from fame.data.clips.sampling import RandomClips
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.masks.examples import (
    evenly_spaced,
    masked,
    masked_files,
    masked_videos,
    middle_clip,
    training_pair,
)
from fame.evaluate.masks.variants import PAPER, variants
from fame.report.figures import figure2, figure4
from fame.report.style import style
from fame.train.batches import batches

ALL = variants(PAPER, "correct")


@pytest.mark.parametrize(
    ("whole", "count", "expected"),
    [(10, 1, [5]), (10, 2, [2, 7]), (3, 12, [0, 1, 2]), (1, 1, [0]), (12, 3, [2, 6, 10])],
)
def test_spread(whole, count, expected):
    assert evenly_spaced(whole, count) == expected


@pytest.mark.parametrize(
    ("frames", "numbers"),
    [(12, [2, 4, 6, 8]), (8, [0, 2, 4, 6]), (5, [0, 2, 4, 1]), (2, [0, 1, 0, 1])],
)
def test_the_middle_clip(tmp_path, frames, numbers):
    given = write_video(tmp_path / "v.avi", pictures(frames))
    clip = middle_clip(tmp_path / "v.avi", length=4, stride=2, max_short_side=None)
    np.testing.assert_array_equal(clip.permute(1, 2, 3, 0), given[numbers])


def test_the_middle_clip_is_scaled_down(tmp_path):
    write_video(tmp_path / "v.avi", pictures(8, 48, 64))
    assert middle_clip(tmp_path / "v.avi", 4, 2, max_short_side=24).shape == (3, 4, 24, 32)


def test_a_frame_with_its_masks():
    clip = torch.from_numpy(pictures(5, 24, 32)).permute(3, 0, 1, 2)
    found = masked("here", clip, ALL, 0.5)
    np.testing.assert_array_equal(found.frame, pictures(5, 24, 32)[2])
    assert list(found.masks) == list(PAPER)
    assert {mask.shape for mask in found.masks.values()} == {(24, 32)}
    assert found.masks["fame"].sum() == 24 * 32 // 2
    # Bytes and floats of the same clip are the same clip.
    again = masked("here", clip.float() / 255, ALL, 0.5)
    np.testing.assert_array_equal(again.frame, found.frame)
    for name, mask in found.masks.items():
        np.testing.assert_array_equal(again.masks[name], mask)


def test_evaluation_clips_are_cropped_as_the_scale_says(tmp_path):
    manifest, frames = write_dataset(tmp_path, [9, 9, 9], [(24, 32)] * 3)
    shown = ClipSpec(10, 4, 1, 16, "native", (0, 0, 0), (1, 1, 1), None)
    found = masked_videos(manifest.select("train"), 2, shown, ALL, 0.5)
    assert [example.title for example in found] == ["v0", "v2"]
    for example, video in zip(found, (0, 2), strict=True):
        # Starts are 0, 2 (of 2.5, to even) and 5; the third of four frames; the centre.
        np.testing.assert_array_equal(example.frame, frames[video][4][4:20, 8:24])


def test_videos_that_cannot_be_shown_are_named(tmp_path):
    write_video(tmp_path / "good.avi", pictures(8))
    (tmp_path / "bad.avi").write_bytes(b"no video")
    paths = [tmp_path / "bad.avi", tmp_path / "good.avi", tmp_path / "none.avi"]
    examples, reasons = masked_files(paths, ALL, 0.5, 4, 1, None)
    assert [example.title for example in examples] == ["good.avi"]
    assert ["bad.avi" in reasons[0], "none.avi" in reasons[1]] == [True, True]
    with pytest.raises(FameError, match="None of 1 videos can be shown"):
        masked_files(paths[:1], ALL, 0.5, 4, 1, None)


@pytest.fixture(scope="module")
def world(micro):
    return micro.videos()


def scale_with(**merge):
    scale = load_scale(str(MICRO))
    changed = scale.pretrain.merge.model_copy(update=merge)
    return scale.model_copy(
        update={"pretrain": scale.pretrain.model_copy(update={"merge": changed})}
    )


@pytest.mark.parametrize(
    "merge", [{}, {"merged_views": "both"}, {"background": "intra"}, {"mask": "gauss"}]
)
@pytest.mark.parametrize("row", [0, 3])
def test_the_pair_is_the_one_that_training_sees(world, merge, row):
    scale = scale_with(**merge)
    backbone, settings, seed = scale.backbones["r2plus1d"], scale.pretrain, 3
    pair = training_pair(scale, backbone, world, seed, row)
    here = World(0, 1, torch.device("cpu"))
    clips = TrainClips(
        world.select("train"), RandomClips(backbone.frames, backbone.stride, 2), seed=seed
    )
    batch = next(iter(batches(clips, settings.batch, 1, seed, here, 0).batches(0)))
    mixing, look = settings.merge, settings.views
    views = Views(look, backbone.size, mixing, settings.group, seed, here)(batch, 0)
    for shown, view in zip((pair.first_view, pair.second_view), views, strict=True):
        clip = torch.from_numpy(shown).permute(3, 0, 1, 2)[None]
        assert torch.equal(normalise(clip, look.mean, look.std)[0], view[row])
    assert pair.both == (mixing.merged_views == "both")


def test_the_parts_make_up_the_merged_clip(world):
    scale = scale_with()
    pair = training_pair(scale, scale.backbones["r2plus1d"], world, 0)
    weights = pair.mask[None, :, :, None]
    assert set(np.unique(weights)) == {0, 1}
    np.testing.assert_array_equal(pair.merged, np.where(weights > 0, pair.first, pair.donor))
    assert not np.array_equal(pair.first, pair.donor)
    assert not np.array_equal(pair.first, pair.second)


def test_a_row_beyond_the_group_is_refused(world):
    scale = scale_with()
    with pytest.raises(FameError, match="rows 0 to 3; there is no row 4"):
        training_pair(scale, scale.backbones["r2plus1d"], world, 0, row=4)


def test_figures_are_written(world, tmp_path):
    scale = scale_with(clips="both")
    pair = training_pair(scale, scale.backbones["r2plus1d"], world, 0)
    files = figure2.write(pair, tmp_path / "figure2", figure2.caption(scale, "kinetics400", pair))
    clip = torch.from_numpy(pictures(5, 24, 32)).permute(3, 0, 1, 2)
    files += figure4.write([masked("here", clip, ALL, 0.5)] * 2, tmp_path / "figure4", "below")
    assert [file.name for file in files] == [
        f"{stem}.{ending}" for stem in ("figure2", "figure4") for ending in ("png", "pdf")
    ]
    # Names of files may hold what matplotlib takes for formulas.
    figure4.write([masked("a$^b$_{c", clip, ALL, 0.5)], tmp_path / "dollars")
    # A byte that is not UTF-8, as Python has it in a file's name.
    figure4.write([masked(os.fsdecode(b"\xe9.mp4"), clip, ALL, 0.5)], tmp_path / "bytes")
    again = figure4.write([masked("here", clip, ALL, 0.5)] * 2, tmp_path / "again", "below")
    assert again[0].read_bytes() == files[2].read_bytes()


def test_a_long_name_does_not_widen_its_column():
    clip = torch.from_numpy(pictures(5, 24, 32)).permute(3, 0, 1, 2)
    with style():
        drawn = figure4.figure([masked("a very long name " * 5, clip, ALL, 0.5)])
        drawn.canvas.draw()
        lefts = [axis.get_position().x0 for axis in drawn.axes]
        plt.close(drawn)
    assert np.diff(lefts) == pytest.approx(np.diff(lefts)[:1].repeat(4), rel=0.02)
