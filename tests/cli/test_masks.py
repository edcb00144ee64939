"""The commands about masks, by hand: tiny videos, broken ones, real odd ones."""

import numpy as np
import pandas as pd
import pytest
from micro_world import MICRO
from PIL import Image
from small_videos import pictures, write_video
from typer.testing import CliRunner

from fame.cli import app
from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.data.index import index
from fame.data.synthetic import write_world
from fame.data.video.decode import probe, read_frames
from fame.evaluate.masks.pictures import read_masked

COMMANDS = ("mask", "mask-sheet", "mask-quality", "training-pair", "masked-clips")


def fame(*arguments):
    """Run a command; what it printed."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None:
        raise done.exception
    return done.stdout


@pytest.fixture
def video(tmp_path):
    write_video(tmp_path / "v.avi", pictures(20, 48, 64))
    return tmp_path / "v.avi"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert "--out" in done.stdout


@pytest.mark.parametrize("variant", ["fame", "seed", "gauss", "grid"])
def test_a_mask_video_has_every_frame(video, tmp_path, variant):
    said = fame("mask", video, "-o", tmp_path / "out.mp4", "--variant", variant)
    assert "20 frames, 64 x 48 at 25 fps" in said
    info = probe(tmp_path / "out.mp4")
    assert (info.frames, info.width, info.height, info.fps) == (20, 64, 48, 25)


def test_the_foreground_is_shown_and_the_rest_darkened(tmp_path):
    """A noisy patch on light grey: with a seed mask of its share, only the patch stays light."""
    frames = np.full((12, 64, 64, 3), 200, np.uint8)
    noise = np.random.default_rng(0).integers(0, 2, (12, 4, 4, 1)) * 255
    frames[:, 24:40, 24:40] = noise.repeat(4, 1).repeat(4, 2)
    write_video(tmp_path / "v.avi", frames)
    fame(
        *("mask", tmp_path / "v.avi", "-o", tmp_path / "o.mp4", "--variant", "seed"),
        *("--beta", 0.06, "--clip-frames", 6),
    )
    shown = read_frames(tmp_path / "o.mp4", range(12)).astype(int)
    assert abs(shown[:, :16] - 60).max() < 12
    inside, expected = shown[:, 28:36, 28:36], frames[:, 28:36, 28:36].astype(int)
    assert abs(inside - expected).mean() < 25


def test_an_own_mask_and_odd_sides(tmp_path, root):
    write_video(tmp_path / "v.avi", pictures(6, 48, 64)[:, :47, :63])
    toy = root / "tests" / "workflow" / "toys" / "left.py"
    said = fame("mask", tmp_path / "v.avi", "-o", tmp_path / "o.mkv", "--variant", toy)
    assert "64 x 48" in said
    assert "odd sides made even" in said


def test_large_frames_are_scaled_down(video, tmp_path):
    assert ", 32 x 24 at" in fame("mask", video, "-o", tmp_path / "o.mp4", "--size", 24)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("cut.mp4", b"\x00\x00\x00\x18ftypmp42 and then nothing", "cut.mp4"),
        ("text.avi", b"this is no video", "text.avi"),
        ("empty.mp4", b"", "empty.mp4"),
    ],
)
def test_broken_videos_are_named_and_nothing_is_written(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FameError, match=reason):
        fame("mask", tmp_path / name, "-o", tmp_path / "o.mp4")
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_refusals(video, tmp_path):
    write_video(tmp_path / "one.avi", pictures(1))
    for arguments, reason in (
        ((tmp_path / "one.avi", "-o", tmp_path / "o.mp4"), "has a single frame"),
        ((video, "-o", tmp_path / "o.gif"), "must end in one of"),
        ((video, "-o", video), "is the video itself"),
        ((tmp_path / "none.avi", "-o", tmp_path / "o.mp4"), "no such video"),
        ((video, "-o", tmp_path / "o.mp4", "--variant", "fam"), "did you mean 'fame'"),
        ((video, "-o", tmp_path / "o.mp4", "--variant", "none.py"), "no plug-in file"),
    ):
        with pytest.raises(FameError, match=reason):
            fame("mask", *arguments)
    assert not (tmp_path / "o.mp4").exists()
    assert probe(video).frames == 20


def test_clips_that_would_fill_the_memory_are_refused(video, tmp_path):
    for command, out in (("mask", "o.mp4"), ("mask-sheet", "o.png")):
        with pytest.raises(FameError, match="smaller --clip-frames or --stride"):
            fame(command, video, "-o", tmp_path / out, "--clip-frames", 1_000_000)
        assert not (tmp_path / out).exists()


def test_a_stride_beyond_all_bounds_is_the_videos_own_length(video, tmp_path):
    for stride in (20, 10**19):
        fame("mask", video, "-o", tmp_path / f"{stride}.mp4", "--stride", stride)
    first, second = (read_frames(tmp_path / f"{stride}.mp4", range(20)) for stride in (20, 10**19))
    np.testing.assert_array_equal(first, second)


def test_a_sheet_of_the_videos_that_can_be_read(video, tmp_path):
    (tmp_path / "bad.avi").write_bytes(b"no video")
    said = fame("mask-sheet", video, tmp_path / "bad.avi", "-o", tmp_path / "sheet.png")
    assert "1 of 2 videos" in said
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.width > 1000
    assert (tmp_path / "sheet.pdf").is_file()
    with pytest.raises(FameError, match="None of 1 videos"):
        fame("mask-sheet", tmp_path / "bad.avi", "-o", tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
    with pytest.raises(FameError, match=r"s\.gif: the name must end in \.png or \.pdf"):
        fame("mask-sheet", video, "-o", tmp_path / "s.gif")


def test_a_sheet_of_a_folder_shows_some_of_its_videos(tmp_path):
    for number in range(5):
        write_video(tmp_path / f"{number} (1).avi", pictures(6, seed=number))
    said = fame("mask-sheet", tmp_path, "-o", tmp_path / "sheet.png", "--rows", 2)
    assert "2 of 5 videos" in said
    with pytest.raises(FameError, match="no video file is there"):
        fame("mask-sheet", tmp_path / "*.mp4", "-o", tmp_path / "none.png")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """Micro worlds with manifests."""
    place = tmp_path_factory.mktemp("worlds")
    for name in ("kinetics400", "ucf101"):
        config = load_scale(str(MICRO)).datasets[name].world
        config = config.model_copy(update={"train": 8, "val": min(2, config.val)})
        write_world(config, 0, place / name)
        parts = {"root": place / name / "videos", "annotations": place / name / "annotations"}
        index(name, **parts, name=name).write(place / name / "manifest.parquet")
    return place


def test_quality_from_world_to_summary(worlds, tmp_path):
    world, scale = worlds / "ucf101", ("--scale", MICRO)
    for seed in (0, 1):
        fame(
            *("mask-quality", *scale, "--data", f"ucf101-w{seed}", "--world", world),
            *("--manifest", world / "manifest.parquet", "--out", tmp_path / f"{seed}.csv"),
        )
    betas = load_scale(str(MICRO)).evaluate.masks.betas
    assert len(pd.read_csv(tmp_path / "0.csv")) == 4 * len(betas)
    out = tmp_path / "mask_quality.csv"
    files = f"ucf101={tmp_path}/0.csv,{tmp_path}/1.csv"
    fame("figure", "mask_quality", files, *scale, "--out", out.with_suffix(".png"))
    found = pd.read_csv(out)
    assert set(found["n"]) == {2}
    assert (found["iou_std"] == 0).all()  # twice the same world
    assert {file.name for file in tmp_path.glob("mask_quality.*")} == {
        f"mask_quality.{ending}" for ending in ("csv", "png", "pdf")
    }


def test_figures_of_worlds(worlds, tmp_path):
    scale, examples = ("--scale", MICRO), tmp_path / "examples.npz"
    fame(
        *("masked-clips", *scale, "--rows", 2, "--out", examples),
        *("--manifest", worlds / "ucf101" / "manifest.parquet"),
    )
    shown, dataset = read_masked(examples)
    assert (len(shown), dataset) == (2, "ucf101")
    fame("figure", "figure4", f"ucf101={examples}", *scale, "--out", tmp_path / "figure4.png")
    pair = ("--manifest", worlds / "kinetics400" / "manifest.parquet", "--out", examples)
    fame("training-pair", *scale, *pair)
    fame("figure", "figure2", f"kinetics400={examples}", *scale, "--out", tmp_path / "figure2.png")
    examples.unlink()
    assert {file.name for file in tmp_path.iterdir()} == {
        f"figure{number}.{ending}" for number in (2, 4) for ending in ("png", "pdf")
    }
    with pytest.raises(FameError, match="no backbone s3d; it has r2plus1d"):
        fame("training-pair", *scale, *pair, "--backbone", "s3d")


@pytest.mark.slow
def test_every_odd_file_gives_a_video_or_a_sentence(shared, tmp_path):
    files = sorted(file for file in (shared / "videos" / "odd").rglob("*") if file.is_file())
    assert len(files) == 45
    out, made = tmp_path / "o.mp4", 0
    for file in files:
        out.unlink(missing_ok=True)
        try:
            fame("mask", file, "-o", out, "--size", 64)
        except FameError as error:
            assert str(file) in str(error)
            assert not out.exists()
        else:
            made += 1
            assert probe(out).frames == probe(file).frames
    assert made == 24


def test_real_clips_in_a_sheet(shared, tmp_path):
    videos = [
        next(iter(sorted((shared / "videos" / folder).rglob("*.avi"))))
        for folder in ("UCF-101", "jhmdb", "weizmann")
    ]
    assert "3 of 3 videos" in fame("mask-sheet", *videos, "-o", tmp_path / "sheet.png")
