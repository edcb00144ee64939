"""What Figures 2 and 4 show survives its file, and another file is a sentence."""

from dataclasses import fields

import numpy as np
import pytest

from fame.core.errors import FameError
from fame.evaluate.masks.pictures import (
    Masked,
    TrainingPair,
    read_masked,
    read_pair,
    write_masked,
    write_pair,
)


def clip(seed):
    return np.random.default_rng(seed).random((2, 4, 4, 3), dtype=np.float32)


PAIR = TrainingPair(
    first=clip(0),
    second=clip(1),
    donor=clip(2),
    mask=clip(3)[0, :, :, 0],
    merged=clip(4),
    first_view=clip(5),
    second_view=clip(6),
    both=True,
    video="v_(1) é",
)


def test_a_pair_is_read_as_it_was_written(tmp_path):
    write_pair(tmp_path / "pair.npz", PAIR, "ucf101")
    found, dataset = read_pair(tmp_path / "pair.npz")
    assert dataset == "ucf101"
    for field in fields(TrainingPair):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(PAIR, field.name))
    assert (type(found.both), type(found.video)) == (bool, str)


def test_masked_frames_of_different_sizes_are_read_as_they_were_written(tmp_path):
    examples = [
        Masked(
            f"clip {side}",
            np.full((side, 6, 3), side, np.uint8),
            {"fame": np.full((side, 6), 0.5, np.float32), "mine.py": np.eye(side, 6, dtype="f4")},
        )
        for side in (4, 5)
    ]
    write_masked(tmp_path / "masked.npz", examples, "own")
    found, dataset = read_masked(tmp_path / "masked.npz")
    assert dataset == "own"
    assert [one.title for one in found] == ["clip 4", "clip 5"]
    for one, given in zip(found, examples, strict=True):
        np.testing.assert_array_equal(one.frame, given.frame)
        assert list(one.masks) == list(given.masks)
        for name, mask in one.masks.items():
            np.testing.assert_array_equal(mask, given.masks[name])


@pytest.mark.parametrize(
    ("read", "command"), [(read_pair, "fame training-pair"), (read_masked, "fame masked-clips")]
)
def test_another_file_is_a_sentence(tmp_path, read, command):
    with pytest.raises(FameError, match=f"no such file; make it with `{command}`"):
        read(tmp_path / "none.npz")
    for name, content in (("text.npz", b"text"), ("empty.npz", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FameError, match=f"{name}: not what `{command}` writes"):
            read(tmp_path / name)
    np.savez(tmp_path / "other.npz", dataset="ucf101")
    with pytest.raises(FameError, match=f"not what `{command}` writes \\(no "):
        read(tmp_path / "other.npz")
