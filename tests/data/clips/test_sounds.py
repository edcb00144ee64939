"""Sound beside clips: windows, loops, parts of files, and what becomes of videos without any."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_sounds import RATE, noise, write_heard
from small_videos import pictures, rows, write_video

from fame.core.errors import FameError
from fame.data.clips.batch import collate
from fame.data.clips.dataset import TrainClips
from fame.data.clips.sampling import Labelled, RandomClips
from fame.data.clips.sounds import (
    HEARD,
    NO_TRACK,
    SILENT,
    UNDECODABLE,
    Hearing,
    Sounds,
    refuse_silent,
    window,
)
from fame.data.manifest import Manifest

HEARING = Hearing(seconds=0.2)
FRAMES = 12
FRAME = RATE // 25


@pytest.fixture
def heard(tmp_path):
    """Videos of 12 frames: with sound, without, with zeros, with sound that cannot be decoded."""
    samples = noise(FRAMES * FRAME)
    write_heard(tmp_path / "v0.avi", FRAMES, [(0, samples)])
    write_video(tmp_path / "v1.avi", pictures(FRAMES))
    write_heard(tmp_path / "v2.avi", FRAMES, [(0, 0 * samples)])
    broken = write_heard(tmp_path / "v3.avi", FRAMES, [(0, samples)])
    broken.write_bytes(broken.read_bytes().replace(b"01wb", b"03wb"))  # of no stream there is
    return Manifest("heard", tmp_path, rows([FRAMES] * 4, [(24, 32)] * 4), ["even", "odd"]), samples


def test_a_window_overruns_backwards_and_loops_if_there_is_too_little():
    samples = np.arange(10, dtype=np.int16)
    assert window(samples, 3, 4).tolist() == [3, 4, 5, 6]
    assert window(samples, 8, 4).tolist() == [6, 7, 8, 9]
    assert window(samples, 8, 13).tolist() == [8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]


def test_sound_begins_with_the_frame_that_was_asked_for(heard):
    manifest, samples = heard
    for cache in (0, 1):
        sounds = Sounds(manifest, HEARING, cache)
        for _ in range(2):
            found, outcome = sounds.read(0, np.array([0, 3, 11]))
            assert outcome == HEARD and found.dtype == torch.int16
            for one, begin in zip(found, (0, 3 * FRAME, 7 * FRAME), strict=True):
                assert np.array_equal(one, samples[0, begin : begin + 5 * FRAME])


def test_a_part_of_a_file_has_the_sound_of_that_part(heard):
    manifest, samples = heard
    table = manifest.table.iloc[:1].assign(start=4, frames=6)
    found, _ = Sounds(replace(manifest, table=table), HEARING, 1).read(0, np.array([0, 5]))
    assert np.array_equal(found[0], samples[0, 4 * FRAME : 9 * FRAME])
    assert np.array_equal(found[1], samples[0, 5 * FRAME : 10 * FRAME])


@pytest.mark.parametrize(("row", "outcome"), [(1, NO_TRACK), (2, SILENT), (3, UNDECODABLE)])
def test_videos_without_usable_sound_are_named_by_kind(heard, row, outcome):
    found, kind = Sounds(heard[0], HEARING, 1).read(row, np.array([0, 2]))
    assert kind == outcome and found.shape == (2, HEARING.samples) and not found.any()


def backwards(n, generator):
    return Labelled(np.array([[6, 4, 2], [0, 2, 4]]), np.empty(0, np.int64), np.array([2, 0]))


def test_a_batch_carries_sound_and_what_became_of_it(heard):
    manifest, samples = heard
    clips = TrainClips(manifest, backwards, seed=0, hearing=HEARING)
    batch = collate([clips[0, index] for index in range(4)])
    assert batch.sound.shape == (4, 2, HEARING.samples) and batch.sound.dtype == torch.int16
    assert batch.outcomes.tolist() == [HEARD, NO_TRACK, SILENT, UNDECODABLE]
    assert np.array_equal(batch.sound[0, 0], samples[0, 2 * FRAME : 7 * FRAME])
    assert not batch.sound[1:].any()


def test_without_onsets_sound_begins_with_the_clips_first_frame(heard):
    manifest, samples = heard
    sample = TrainClips(manifest, RandomClips(2, 2, 1), seed=0, hearing=HEARING)[0, 0]
    begin = min(int(sample.frames[0, 0]), 7) * FRAME
    assert np.array_equal(sample.sound[0], samples[0, begin : begin + HEARING.samples])


def test_who_hears_nothing_gets_none(heard):
    clips = TrainClips(heard[0], RandomClips(2, 2, 1), seed=0)
    batch = collate([clips[0, 0], clips[0, 1]])
    assert batch.sound.shape == (2, 0) and batch.outcomes.tolist() == [NO_TRACK] * 2


def test_videos_none_of_which_has_sound_are_refused(heard):
    manifest, _ = heard
    refuse_silent(manifest, HEARING, "gdt")
    silent = replace(manifest, table=manifest.table.iloc[1:])
    words = "'gdt' learns from sound and none of the 3 training videos of heard has any; give"
    with pytest.raises(FameError, match=words):
        refuse_silent(silent, HEARING, "gdt")
