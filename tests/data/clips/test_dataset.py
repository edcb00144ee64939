"""Clips of videos: exact frames, keyed draws, one opening for each video."""

import dataclasses
import gc
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
import torch
from small_videos import pictures, write_dataset, write_video
from torchvision.transforms.v2.functional import resize

from fame.core import randomness as draws
from fame.core.errors import FameError
from fame.data.clips import dataset as module
from fame.data.clips.batch import collate
from fame.data.clips.dataset import TrainClips, UniformClips
from fame.data.clips.sampling import (
    Labelled,
    RandomClips,
    clip_indices,
    random_starts,
    uniform_starts,
    window,
)
from fame.data.index import index


def by_hand(frames, starts, count, stride):
    """Clips (n_clips, 3, T, H, W) by plain loops."""
    n = len(frames)
    cut = [[frames[(start + stride * t) % n] for t in range(count)] for start in starts]
    return np.array(cut).transpose(0, 4, 1, 2, 3)


def numbers_by_hand(frames, starts, count, stride):
    """Frame numbers (n_clips, T) by plain loops."""
    return [[(start + stride * t) % len(frames) for t in range(count)] for start in starts]


def test_labels_made_from_pixels_follow_those_of_the_draw(small):
    def drawn(n, generator):
        return Labelled(clip_indices(1, n, 2, 1)[None], np.array([n]))

    def brightest(sample):
        return torch.tensor([int(sample.clips.amax()), sample.index])

    sample = TrainClips(small[0], drawn, seed=3, label=brightest)[2, 1]
    n = int(small[0].table["frames"][1])
    assert sample.drawn.tolist() == [n, int(small[1][1][1:3].max()), 1]
    plain = TrainClips(small[0], RandomClips(2, 1, clips=1), seed=3, label=brightest)[2, 1]
    assert plain.drawn.tolist() == [int(plain.clips.amax()), 1]


@pytest.mark.parametrize("cache_mib", [0, 1])
def test_train_clips_are_keyed_and_exact(small, cache_mib):
    manifest, frames = small
    dataset = TrainClips(manifest, RandomClips(8, 2, clips=2), seed=3, cache_mib=cache_mib)
    assert len(dataset) == 4
    for epoch, row in [(0, 0), (1, 0), (0, 2), (1, 3)]:
        sample = dataset[epoch, row]
        draw = draws.generator(3, "clip-starts", epoch, row)
        starts = random_starts(len(frames[row]), 8, 2, 2, draw)
        np.testing.assert_array_equal(sample.clips, by_hand(frames[row], starts, 8, 2))
        np.testing.assert_array_equal(sample.frames, numbers_by_hand(frames[row], starts, 8, 2))
        assert sample.clips.is_contiguous()
        assert (sample.label, sample.index, sample.epoch) == (row % 2, row, epoch)
    assert not torch.equal(dataset[0, 0].clips, dataset[1, 0].clips)


def test_uniform_clips_are_exact(small):
    manifest, frames = small
    dataset = UniformClips(manifest, 4, 3, 5)
    for row in range(4):
        starts = uniform_starts(len(frames[row]), 4, 3, 5)
        np.testing.assert_array_equal(dataset[row].clips, by_hand(frames[row], starts, 4, 3))
        numbers = numbers_by_hand(frames[row], starts, 4, 3)
        np.testing.assert_array_equal(dataset[row].frames, numbers)


class OldestLast:
    """A draw that names something which no frame number tells: how many frames there are."""

    def __call__(self, n, generator):
        numbers = np.stack([np.arange(4), np.arange(4)[::-1]]).astype(np.int64)
        return Labelled(numbers, np.array([n, generator.integers(100)]))


def test_a_batch_carries_frame_numbers_and_what_the_draw_said(small):
    manifest, frames = small
    dataset = TrainClips(manifest, OldestLast(), seed=3)
    batch = collate([dataset[2, row] for row in (0, 3)])
    assert batch.frames.tolist() == [[[0, 1, 2, 3], [3, 2, 1, 0]]] * 2
    lots = [int(draws.generator(3, "clip-starts", 2, row).integers(100)) for row in (0, 3)]
    assert batch.drawn.tolist() == [[40, lots[0]], [50, lots[1]]]
    assert (batch.frames.dtype, batch.drawn.dtype) == (torch.int64, torch.int64)
    for place, row in enumerate((0, 3)):
        h, w = batch.sizes[place].tolist()
        shown = frames[row][batch.frames[place].numpy()].transpose(0, 4, 1, 2, 3)
        np.testing.assert_array_equal(batch.clips[place][..., :h, :w], shown)
    silent = collate([TrainClips(manifest, RandomClips(4, 2, clips=2), seed=0)[0, 0]])
    assert silent.drawn.shape == (1, 0)


def test_first_frame_of_the_annotation_counts_from_there(small):
    manifest, frames = small
    table = manifest.table.assign(start=[10, 0, 0, 0], frames=[20, 36, 5, 50])
    dataset = UniformClips(dataclasses.replace(manifest, table=table), 4, 2, 3)
    expected = by_hand(frames[0][10:30], uniform_starts(20, 4, 2, 3), 4, 2)
    np.testing.assert_array_equal(dataset[0].clips, expected)


def test_one_open_for_all_clips_of_a_video(small, monkeypatch):
    calls = []
    read = module.frames_of
    monkeypatch.setattr(module, "frames_of", lambda *a: calls.append(a[2].tolist()) or read(*a))
    UniformClips(small[0], 8, 2, 10)[0]
    assert len(calls) == 1
    assert calls[0] == sorted(set(calls[0]))


def test_the_cache_holds_what_fits_and_no_more(tmp_path, monkeypatch):
    manifest, _ = write_dataset(tmp_path, [300, 300], [(24, 32)] * 2)  # 0.66 MiB each
    opened = []
    read = module.frames_of
    monkeypatch.setattr(module, "frames_of", lambda *a: opened.append(Path(a[1]).stem) or read(*a))
    cached, plain = (UniformClips(manifest, 8, 2, 3, cache_mib=mib) for mib in (1, 0))
    for _ in range(2):
        for row in (0, 1):
            assert torch.equal(cached[row].clips, plain[row].clips)
    assert opened.count("v0") == 1 + 2
    assert opened.count("v1") == 2 + 2


@pytest.mark.parametrize("cache_mib", [0, 1])
def test_fit_shrinks_the_short_side_only(small, cache_mib):
    manifest, frames = small
    dataset = UniformClips(manifest, 4, 2, 2, max_short_side=16, cache_mib=cache_mib)
    assert dataset[0].clips.shape == (2, 3, 4, 16, 21)
    assert dataset[3].clips.shape == (2, 3, 4, 16, 48)
    whole = resize(torch.from_numpy(frames[0]).permute(0, 3, 1, 2), [16, 21], antialias=True)
    first = whole[clip_indices(0, 40, 4, 2)].transpose(0, 1)
    assert torch.equal(dataset[0].clips[0], first)


def test_collate_pads_with_zeros_and_keeps_true_sizes(small):
    dataset = TrainClips(small[0], RandomClips(4, 2, clips=2), seed=0)
    samples = [dataset[5, row] for row in (0, 3)]
    batch = collate(samples)
    assert batch.clips.shape == (2, 2, 3, 4, 24, 48)
    assert batch.clips.dtype == torch.uint8
    assert batch.sizes.tolist() == [[24, 32], [16, 48]]
    for clips, sample, (h, w) in zip(batch.clips, samples, batch.sizes.tolist(), strict=True):
        assert torch.equal(clips[..., :h, :w], sample.clips)
        assert clips.sum() == sample.clips.sum()
    for values, expected in (
        (batch.labels, [0, 1]),
        (batch.indices, [0, 3]),
        (batch.epochs, [5, 5]),
    ):
        assert values.dtype == torch.int64
        assert values.tolist() == expected
    assert batch.sizes.dtype == torch.int64
    moved = batch.to("cpu")
    assert torch.equal(moved.clips, batch.clips)


def test_unlabelled_videos_are_minus_one(small):
    manifest = dataclasses.replace(small[0], table=small[0].table.assign(label=None))
    assert UniformClips(manifest, 4, 2, 1)[1].label == -1


def test_quarantined_rows_are_refused(small):
    table = small[0].table.assign(status=["ok", "broken", "ok", "ok"])
    with pytest.raises(FameError, match="select"):
        UniformClips(dataclasses.replace(small[0], table=table), 4, 2, 1)


def test_a_vanished_video_is_named(small):
    (small[0].root / "v1.avi").unlink()
    with pytest.raises(FameError, match=r"v1\.avi"):
        UniformClips(small[0], 4, 2, 1)[1]


@pytest.mark.parametrize("folder", ["weizmann", "jhmdb"])
def test_real_short_videos_loop(shared, tmp_path, folder):
    """Clips of 16 frames at stride 4 from videos of 15 to 63 frames."""
    names = sorted((shared / "videos" / folder).glob("wa*/*.avi"))[:4]
    (tmp_path / "train/walk").mkdir(parents=True)
    for name in names:
        (tmp_path / "train/walk" / name.name).symlink_to(name)
    manifest = index("kinetics400", tmp_path, None, name=folder, progress=False)
    assert (manifest.table["frames"] < window(16, 4)).any()
    dataset = TrainClips(manifest.select("train"), RandomClips(16, 4, clips=2), seed=0)
    batch = collate([dataset[0, row] for row in range(4)])
    assert batch.clips.shape[:4] == (4, 2, 3, 16)
    assert batch.clips.float().std(dim=(2, 3, 4, 5)).min() > 1


@pytest.mark.parametrize("suffix", ["avi", "mp4"])
def test_both_clips_of_a_pair_come_from_one_opening(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"v0.{suffix}"
    write_video(path, pictures(100), "mpeg4", "yuv420p", g="8")
    (tmp_path / "other").mkdir()
    manifest, _ = write_dataset(tmp_path / "other", [100])
    table = manifest.table.assign(path=path.name)
    videos = dataclasses.replace(manifest, root=tmp_path, table=table)
    opened, real = [], av.open
    monkeypatch.setattr(av, "open", lambda file, *rest: opened.append(file) or real(file, *rest))
    sample = TrainClips(videos, RandomClips(4, 2, clips=2), seed=0)[0, 0]
    assert sample.clips.shape[0] == 2
    assert opened == [str(path)]


def test_memory_does_not_grow_with_the_clips_that_were_read(tmp_path):
    manifest, _ = write_dataset(tmp_path, [12])
    videos = TrainClips(manifest, RandomClips(4, 2, clips=2), seed=0)
    process = psutil.Process()

    def resident_after(count):
        for number in range(count):
            videos[number, 0]
        gc.collect()
        return process.memory_info().rss / 2**20

    before = resident_after(100)  # by then, what is loaded lazily is loaded
    assert resident_after(1000) < before + 12  # keeping the clips would take 18 MiB
