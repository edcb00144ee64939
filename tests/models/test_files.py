"""Weight files: round trip, atomicity, damage."""

import os

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from fame.core.errors import FameError
from fame.models import build_encoder
from fame.models.backbones.i3d import published as published_i3d
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.files import load_encoder, save_encoder
from fame.models.group_batchnorm import convert

SMALL = R2Plus1DSettings(arch="r2plus1d", width=4, layers=(1, 1, 1, 1), round_middle=4)
WIDER = SMALL.model_copy(update={"width": 8})
DEEPER = SMALL.model_copy(update={"layers": (2, 1, 1, 1)})


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "encoder.safetensors"
    save_encoder(path, build_encoder(SMALL, seed=1), {"recipe": "moco"})
    return path


def equal(first, second):
    one, two = first.state_dict(), second.state_dict()
    return list(one) == list(two) and all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize("settings", [SMALL, published_i3d(4)])
def test_round_trip(tmp_path, settings):
    encoder = build_encoder(settings, seed=1)
    encoder(torch.randn(2, 3, 16, 64, 64))  # moves the running statistics
    save_encoder(tmp_path / "new" / "e.safetensors", encoder)
    assert equal(load_encoder(tmp_path / "new" / "e.safetensors", settings), encoder)


def test_grouped_and_channels_last_encoders_save_the_same_file(tmp_path, saved):
    encoder = convert(build_encoder(SMALL, seed=1), 2).to(memory_format=torch.channels_last_3d)
    save_encoder(tmp_path / "again", encoder, {"recipe": "moco"})
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


def test_metadata_is_kept(saved):
    with safe_open(saved, framework="pt") as file:
        assert file.metadata() == {"recipe": "moco"}


def test_a_failed_write_leaves_the_old_file(saved, monkeypatch):
    old = saved.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FameError, match="No space"):
        save_encoder(saved, build_encoder(SMALL, seed=2))
    assert saved.read_bytes() == old
    assert list(saved.parent.iterdir()) == [saved]


def test_files_follow_the_umask(saved):
    (saved.parent / "plain").write_text("")
    assert saved.stat().st_mode == (saved.parent / "plain").stat().st_mode


def test_another_size_is_refused(saved):
    with pytest.raises(FameError, match=r"encoder\.safetensors .* of another shape: .* instead of"):
        load_encoder(saved, WIDER)
    with pytest.raises(FameError, match=r"missing: layer1\.1\..* and \d+ more.*settings"):
        load_encoder(saved, DEEPER)


def test_a_strange_key_is_refused(saved):
    save_file(load_file(saved) | {"fc.weight": torch.zeros(1)}, saved)
    with pytest.raises(FameError, match=r"unexpected: fc\.weight"):
        load_encoder(saved, SMALL)


@pytest.mark.parametrize("content", [b"", b"not weights", b"\xff" * 64])
def test_damaged_files_are_refused(tmp_path, content):
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(FameError, match="bad is not a whole safetensors file"):
        load_encoder(tmp_path / "bad", SMALL)


def test_truncated_and_absent_files_are_refused(saved):
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(FameError, match="not a whole safetensors file"):
        load_encoder(saved, SMALL)
    with pytest.raises(FameError, match=r"cannot read .*absent"):
        load_encoder(saved.parent / "absent", SMALL)
