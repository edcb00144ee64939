"""Packing by the command, and what comes out of a pack."""

import sys

import numpy as np
import pytest
import torch
from micro_world import ROOT
from packed_clips import packed, write_classes
from small_videos import write_video

from fame.core.errors import FameError

sys.path.insert(0, str(ROOT))

from benchmarks import pack_clips
from benchmarks.checks.packed import read_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return packed(tmp_path_factory.mktemp("pack"))


def test_a_pack_holds_the_first_frames_shrunk_with_classes_and_groups(pack):
    clips = read_pack(pack)
    assert len(clips) == 8 and pack.stat().st_size < 2**20
    assert {tuple(video.shape) for video in clips.videos} == {(16, 3, 32, 45)}
    assert all(video.dtype == torch.uint8 for video in clips.videos)
    assert sorted(clips.labels.tolist()) == [0] * 4 + [1] * 4
    assert len(set(clips.groups.tolist())) == 4
    # A group never spans two classes.
    assert len({(g, c) for g, c in zip(clips.groups, clips.labels, strict=True)}) == 4


def test_packed_frames_are_the_videos_frames(tmp_path):
    truth = np.full((6, 32, 48, 3), 0, np.uint8)
    truth[:] = (np.arange(6) * 40)[:, None, None, None]  # flat frames survive JPEG
    (tmp_path / "videos" / "one").mkdir(parents=True)
    write_video(tmp_path / "videos" / "one" / "short.avi", truth)
    arguments = [str(tmp_path / "videos"), "--out", str(tmp_path / "p.npz"), "--short-side", "64"]
    assert pack_clips.main(arguments) == 0
    (video,) = read_pack(tmp_path / "p.npz").videos
    assert video.shape == (6, 3, 32, 48)  # shorter than asked for, and never enlarged
    expected = torch.from_numpy(truth).permute(0, 3, 1, 2)
    assert (video.int() - expected.int()).abs().max() <= 2


def test_a_limit_leaves_a_balanced_choice_and_is_kept(tmp_path, pack, capsys):
    videos = pack.parent / "videos"
    order = pack_clips.in_turns(videos)
    assert [path.parent.name for path in order] == ["Diving", "Punch"] * 4
    assert len({pack_clips.group_of(path) for path in order[:4]}) == 4
    limit = 0.6 * pack.stat().st_size
    arguments = [str(videos), "--out", str(tmp_path / "half.npz"), "--short-side", "32"]
    arguments += ["--frames", "16", "--limit-mib", str(limit / 2**20)]
    assert pack_clips.main(arguments) == 0
    half = read_pack(tmp_path / "half.npz")
    assert (tmp_path / "half.npz").stat().st_size <= limit
    assert 1 < len(half) < 8
    assert abs(np.diff(np.bincount(half.labels))) <= 1
    assert f"{len(half)} of 8 videos" in capsys.readouterr().out


def test_undecodable_videos_are_named_and_left_out(tmp_path, capsys):
    videos = write_classes(tmp_path / "videos", groups=1, clips=1)
    (videos / "Punch" / "broken.avi").write_bytes(b"no video")
    out = tmp_path / "p.npz"
    assert pack_clips.main([str(videos), "--out", str(out), "--short-side", "32"]) == 0
    assert len(read_pack(out)) == 2
    assert "broken.avi" in capsys.readouterr().err


def test_a_limit_too_small_or_an_empty_folder_is_refused(tmp_path, pack, capsys):
    videos, out = pack.parent / "videos", str(tmp_path / "p.npz")
    assert pack_clips.main([str(videos), "--out", out, "--limit-mib", "0.001"]) == 1
    assert "--limit-mib" in capsys.readouterr().err
    assert pack_clips.main([str(tmp_path), "--out", out]) == 1
    assert "no videos there" in capsys.readouterr().err


def test_damaged_or_absent_packs_are_refused(pack, tmp_path):
    with pytest.raises(FameError, match=r"pack_clips\.py"):
        read_pack(tmp_path / "absent.npz")
    cut = tmp_path / "cut.npz"
    cut.write_bytes(pack.read_bytes()[:2000])
    with pytest.raises(FameError, match="not a whole pack"):
        read_pack(cut)
    np.savez(tmp_path / "other.npz", frames=np.zeros(3))
    with pytest.raises(FameError, match="not a whole pack"):
        read_pack(tmp_path / "other.npz")


def test_real_videos_pack_under_the_limit(shared, tmp_path):
    place = tmp_path / "few"
    for kind in ("Diving", "Punch"):
        (place / kind).mkdir(parents=True)
        source = sorted((shared / "videos" / "UCF-101" / kind).glob("*.avi"))[0]
        (place / kind / source.name).symlink_to(source)
    out = tmp_path / "p.npz"
    assert pack_clips.main([str(place), "--out", str(out), "--frames", "16"]) == 0
    clips = read_pack(out)
    assert {tuple(video.shape) for video in clips.videos} == {(16, 3, 128, 171)}
    # About 5 KB a frame, of 66 KB raw.
    assert out.stat().st_size < 2 * 16 * 20_000
