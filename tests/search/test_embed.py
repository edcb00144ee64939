import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from small_videos import pictures, write_dataset, write_video

from fame.core.errors import FameError
from fame.core.files import sha256
from fame.data.listing import videos as listed
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import Work as Encoding
from fame.evaluate.features.encode import clip_outputs
from fame.evaluate.tasks import retrieval
from fame.models import build_encoder
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.files import save_encoder
from fame.search import embed as module
from fame.search.embed import Machine, embed, one, rows
from fame.search.encoder_source import EncoderSource
from fame.search.library import OK, Library

SETTINGS = R2Plus1DSettings(arch="r2plus1d", width=4, layers=(1, 1, 1, 1), round_middle=4)
SPEC = ClipSpec(
    clips=3,
    frames=4,
    stride=2,
    size=16,
    crop="short-side",
    mean=(0.4, 0.4, 0.4),
    std=(0.2, 0.2, 0.2),
    max_short_side=32,
)
CPU = Machine(torch.device("cpu"), progress=False)
LENGTHS = [20, 3, 12, 1, 9]


def make_source(folder, seed=0, spec=SPEC):
    path = folder / f"encoder{seed}.safetensors"
    save_encoder(path, build_encoder(SETTINGS, seed))
    return EncoderSource(path, sha256(path), SETTINGS, spec)


@pytest.fixture
def source(tmp_path):
    return make_source(tmp_path)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    root = tmp_path_factory.mktemp("videos")
    sizes = [(24, 32), (32, 24), (80, 48), (24, 24), (24, 32)]
    manifest, _ = write_dataset(root, LENGTHS, sizes)
    return root, manifest


@pytest.fixture
def clips(originals, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(originals[0], tmp_path / "videos")


@pytest.fixture
def decoded(monkeypatch):
    """The names of videos that were opened."""
    names = []
    real = module.probe

    def probe(path):
        names.append(path.name)
        return real(path)

    monkeypatch.setattr(module, "probe", probe)
    return names


def test_a_vector_is_what_extraction_and_retrieval_make_of_the_video(originals, source):
    root, manifest = originals
    encoding = Encoding(torch.device("cpu"), batch=2, workers=0, parts=None, progress=False)
    outputs = clip_outputs(source.load(), manifest, SPEC, encoding)
    expected = retrieval.embed(outputs, centre=False)
    made = list(rows(source.load(), listed([root]), SPEC, CPU))
    assert [row.status for row in made] == [OK] * 5
    assert [row.frames for row in made] == LENGTHS
    np.testing.assert_allclose([row.embedding for row in made], expected, atol=1e-6)
    assert made[0].embedding.dtype == np.float32
    # The test can fail: these vectors are far from each other.
    assert np.abs(expected[0] - expected[1:]).max(axis=1).min() > 1e-3


def test_neither_threads_nor_little_room_change_a_vector(originals, source, monkeypatch):
    root, _ = originals
    files = listed([root])
    plain = [row.embedding for row in rows(source.load(), files, SPEC, CPU)]
    monkeypatch.setattr(module, "ROOM", 1)  # a clip at a time
    tight = rows(source.load(), files, SPEC, Machine(torch.device("cpu"), 3, progress=False))
    np.testing.assert_array_equal(plain, [row.embedding for row in tight])


def test_the_file_has_a_row_for_each_video_and_says_what_was_shown(clips, source, tmp_path):
    out = tmp_path / "f.parquet"
    summary = embed(listed([clips]), out, source, CPU)
    assert (summary.made, summary.kept, summary.skipped, summary.others) == (5, 0, [], 0)
    library = Library.read(out)
    assert library.origin["encoder"] == str(source.path)
    assert library.origin["encoder_sha256"] == source.sha256
    assert library.origin["shown"]["clips"] == 3
    table = pd.read_parquet(out)
    np.testing.assert_allclose(table["embedding"].map(np.linalg.norm), 1, atol=1e-6)
    assert not (tmp_path / "f.parquet.parts").exists()


def test_adding_videos_decodes_only_the_new_ones(clips, source, tmp_path, decoded):
    out, whole = tmp_path / "f.parquet", tmp_path / "whole.parquet"
    embed(listed([clips / "v0.avi", clips / "v1.avi"]), out, source, CPU)
    decoded.clear()
    summary = embed(listed([clips]), out, source, CPU)
    assert decoded == ["v2.avi", "v3.avi", "v4.avi"]
    assert (summary.made, summary.kept, summary.others) == (3, 2, 0)
    summary = embed(listed([clips / "v3.avi"]), out, source, CPU)
    assert len(decoded) == 3
    assert (summary.made, summary.kept, summary.others) == (0, 1, 4)
    embed(listed([clips]), whole, source, CPU)
    assert out.read_bytes() == whole.read_bytes()


def test_nothing_new_loads_no_encoder(clips, source, tmp_path):
    embed(listed([clips]), tmp_path / "f.parquet", source, CPU)
    before = (tmp_path / "f.parquet").read_bytes()
    source.path.unlink()
    embed(listed([clips]), tmp_path / "f.parquet", source, CPU)
    assert (tmp_path / "f.parquet").read_bytes() == before


def test_a_changed_video_is_embedded_again(clips, source, tmp_path, decoded):
    out = tmp_path / "f.parquet"
    embed(listed([clips]), out, source, CPU)
    before = Library.read(out).rows
    decoded.clear()
    write_video(clips / "v2.avi", pictures(6, seed=77))
    summary = embed(listed([clips]), out, source, CPU)
    assert decoded == ["v2.avi"]
    assert (summary.made, summary.kept) == (1, 4)
    after = Library.read(out).rows
    changed = [
        path
        for path in after
        if not np.array_equal(*(side[path].embedding for side in (before, after)))
    ]
    assert changed == [str(clips / "v2.avi")]
    assert after[changed[0]].frames == 6


class RaisingError(Exception):
    """What a test lets an encoder raise."""


class Fragile(torch.nn.Module):
    """An encoder that raises at its n-th video."""

    def __init__(self, encoder, after):
        super().__init__()
        self.encoder, self.left = encoder, after

    def forward(self, x):
        if self.left == 0:
            raise RaisingError
        self.left -= 1
        return self.encoder(x)


@pytest.mark.parametrize("part", [1, 2, 16])
def test_an_interrupted_call_goes_on(clips, source, tmp_path, decoded, monkeypatch, part):
    monkeypatch.setattr(module, "PART", part)
    out = tmp_path / "f.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(EncoderSource, "load", lambda self: Fragile(build_encoder(SETTINGS, 0), 3))
        with pytest.raises(RaisingError):
            embed(listed([clips]), out, source, CPU)
    assert not out.exists()
    decoded.clear()
    summary = embed(listed([clips]), out, source, CPU)
    assert decoded == ["v3.avi", "v4.avi"]
    assert (summary.made, summary.kept) == (2, 3)
    embed(listed([clips]), tmp_path / "whole.parquet", source, CPU)
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert not (tmp_path / "f.parquet.parts").exists()


def test_what_was_interrupted_is_not_lost_by_a_call_for_other_videos(
    clips, source, tmp_path, decoded, monkeypatch
):
    out = tmp_path / "f.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(EncoderSource, "load", lambda self: Fragile(build_encoder(SETTINGS, 0), 3))
        with pytest.raises(RaisingError):
            embed(listed([clips]), out, source, CPU)
    summary = embed(listed([clips / "v4.avi"]), out, source, CPU)
    assert (summary.made, summary.kept, summary.others) == (1, 0, 3)
    decoded.clear()
    assert embed(listed([clips]), out, source, CPU).kept == 4
    assert decoded == ["v3.avi"]


def test_parts_of_another_encoder_are_not_used(clips, source, tmp_path, decoded, monkeypatch):
    out = tmp_path / "f.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(EncoderSource, "load", lambda self: Fragile(build_encoder(SETTINGS, 0), 3))
        with pytest.raises(RaisingError):
            embed(listed([clips]), out, source, CPU)
    decoded.clear()
    summary = embed(listed([clips]), out, make_source(tmp_path, seed=1), CPU)
    assert (summary.made, summary.kept, len(decoded)) == (5, 0, 5)


def test_a_broken_video_is_decided_and_tried_again(clips, source, tmp_path, decoded):
    out = tmp_path / "f.parquet"
    good = (clips / "v1.avi").read_bytes()
    (clips / "v1.avi").write_bytes(b"not a video")
    (clips / "v2.avi").write_bytes(b"")
    (clips / "v6.avi").symlink_to(clips / "nowhere.avi")
    shutil.copy(clips / "v0.avi", os.fsencode(clips) + b"/v7\xff.avi")
    summary = embed(listed([clips]), out, source, CPU)
    assert (summary.made, summary.kept) == (4, 0)
    reasons = {Path(path).name: reason for path, reason in summary.skipped}
    assert sorted(reasons) == ["v1.avi", "v2.avi", "v6.avi"]
    assert "cannot be decoded" in reasons["v1.avi"]
    assert not any(str(clips) in reason for reason in reasons.values())
    rows_ = Library.read(out).rows
    assert rows_[str(clips / "v1.avi")].embedding is None
    assert len(rows_) == 7

    (clips / "v1.avi").write_bytes(good)
    decoded.clear()
    summary = embed(listed([clips]), out, source, CPU)
    assert decoded == ["v1.avi", "v2.avi", "v6.avi"]
    assert (summary.made, summary.kept, len(summary.skipped)) == (1, 4, 2)


def test_a_decoder_that_goes_wrong_in_its_own_way_stops_nothing(clips, source, monkeypatch):
    real = module.read_frames

    def read(path, *arguments):
        if path.name == "v2.avi":
            raise MemoryError("no\nroom")
        return real(path, *arguments)

    monkeypatch.setattr(module, "read_frames", read)
    made = list(rows(source.load(), listed([clips]), SPEC, CPU))
    assert [row.status for row in made] == [
        OK,
        OK,
        "cannot be decoded (MemoryError: no room)",
        OK,
        OK,
    ]


def test_vectors_of_another_kind_are_not_mixed(clips, source, tmp_path):
    out = tmp_path / "f.parquet"
    embed(listed([clips]), out, source, CPU)
    before = out.read_bytes()
    with pytest.raises(FameError, match=r"another kind \(another encoder\)"):
        embed(listed([clips]), out, make_source(tmp_path, seed=1), CPU)
    other = ClipSpec(**{**vars(SPEC), "clips": 2, "stride": 1})
    with pytest.raises(FameError, match=r"clips 3 instead of 2, stride 2 instead of 1"):
        embed(listed([clips]), out, make_source(tmp_path, spec=other), CPU)
    assert out.read_bytes() == before
    assert not (tmp_path / "f.parquet.parts").exists()


def test_a_moved_encoder_is_the_same_encoder(clips, source, tmp_path):
    out = tmp_path / "f.parquet"
    embed(listed([clips / "v0.avi"]), out, source, CPU)
    moved = source.path.rename(tmp_path / "moved.safetensors")
    there = EncoderSource(moved, source.sha256, SETTINGS, SPEC)
    assert embed(listed([clips]), out, there, CPU).kept == 1
    assert Library.read(out).origin["encoder"] == str(moved)


def test_two_processes_do_not_write_one_file(clips, source, tmp_path, monkeypatch):
    def locked(*_):
        raise BlockingIOError

    monkeypatch.setattr("fame.core.files.fcntl.lockf", locked)
    with pytest.raises(FameError, match="is being written by process"):
        embed(listed([clips]), tmp_path / "f.parquet", source, CPU)


def test_an_encoder_that_diverged_stops_everything(clips, source):
    encoder = source.load()
    torch.nn.init.constant_(next(iter(encoder.parameters())), float("nan"))
    with pytest.raises(FameError, match=r"v0\.avi: the encoder gives NaN"):
        list(rows(encoder, listed([clips]), SPEC, CPU))


def test_one_video(clips, source):
    (clips / "v1.avi").write_bytes(b"not a video")
    (expected, *_) = rows(source.load(), [clips / "v0.avi"], SPEC, CPU)
    row = one(source.load(), clips / "v0.avi", SPEC, CPU)
    np.testing.assert_array_equal(row.embedding, expected.embedding)
    with pytest.raises(FameError, match=r"v1\.avi: cannot be decoded"):
        one(source.load(), clips / "v1.avi", SPEC, CPU)


@pytest.mark.filterwarnings("ignore")
def test_every_odd_video_is_decided(shared, source, tmp_path):
    """45 files; 14 of them hold no picture (see the README beside them)."""
    out = tmp_path / "f.parquet"
    summary = embed(listed([shared / "videos" / "odd"]), out, source, CPU)
    assert (summary.made, len(summary.skipped)) == (31, 14)
    library = Library.read(out)
    assert len(library.rows) == 45
    usable, vectors = library.usable()
    assert len(usable) == 31
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_copy_of_a_real_clip_is_nearest_to_it(shared, source, tmp_path):
    from fame.search.nearest import nearest

    folder = shared / "videos" / "weizmann"
    copy = tmp_path / "a copy.avi"
    shutil.copy(folder / "wave2" / "daria_wave2.avi", copy)
    out = tmp_path / "f.parquet"
    embed(listed([folder / "wave2", folder / "bend", copy]), out, source, CPU)
    query = one(source.load(), copy, SPEC, CPU)
    best, second = nearest(query.embedding, Library.read(out), 2, without=copy)
    assert best.row.stamp.path.endswith("daria_wave2.avi")
    assert best.cosine == pytest.approx(1, abs=1e-6)
    assert second.cosine < 0.9999
