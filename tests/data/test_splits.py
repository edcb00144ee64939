"""Official splits and cuts, from the lists through the index to the clips."""

import json

import numpy as np
import pytest
import yaml
from small_videos import pictures, write_video
from typer.testing import CliRunner

from fame.cli import app
from fame.data.annotations import with_videos
from fame.data.clips.dataset import UniformClips
from fame.data.clips.sampling import uniform_starts, window
from fame.data.datasets import diving48
from fame.data.index import index
from fame.data.manifest import Manifest
from fame.pipeline.experiments import Experiments


def indexed(tmp_path, root, dataset, split, folder, annotations):
    """A dataset's manifest as `fame index` makes it for a scale that says `split: n`."""
    scale = yaml.safe_load((root / "config" / "examples" / "real_clips.yaml").read_text())
    entry = {"split": split, "root": str(folder), "annotations": str(annotations)}
    scale["datasets"][dataset] |= entry
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(scale))
    out = tmp_path / "manifest.parquet"
    arguments = ["--scale", tmp_path / "own.yaml", "--data", dataset, "--out", out]
    done = CliRunner().invoke(app, ["index", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return Manifest.read(out).table.set_index("video")["split"].to_dict()


@pytest.mark.parametrize("split", [1, 2, 3])
def test_a_scale_reaches_every_split_of_ucf101(shared, root, tmp_path, split):
    videos, lists = tmp_path / "videos", shared / "annotations" / "ucf101"
    videos.mkdir()
    (videos / "Swing").symlink_to(shared / "videos/UCF-101/Swing")
    split_of = indexed(tmp_path, root, "ucf101", split, videos, lists)
    train, test = ((lists / f"{part}list0{split}.txt").read_text() for part in ("train", "test"))
    assert len(split_of) == len(list((videos / "Swing").iterdir()))
    for video, part in split_of.items():
        assert (f"Swing/{video}." in train, f"Swing/{video}." in test) == (
            part == "train",
            part == "test",
        )


@pytest.mark.parametrize("split", [1, 2, 3])
def test_a_scale_reaches_every_split_of_hmdb51(shared, root, tmp_path, split):
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "golf").symlink_to(shared / "videos/jhmdb/golf")
    lists = shared / "annotations/hmdb51/testTrainMulti_7030_splits"
    split_of = indexed(tmp_path, root, "hmdb51", split, videos, lists)
    lines = (lists / f"golf_test_split{split}.txt").read_text().split("\n")
    number = {line.split()[0].removesuffix(".avi"): line.split()[1] for line in lines if line}
    meaning = {"0": "unused", "1": "train", "2": "test"}
    assert len(split_of) == len(list((videos / "golf").iterdir()))
    assert split_of == {video: meaning[number[video]] for video in split_of}


def test_three_entries_are_three_results_of_one_run(root, tmp_path):
    """As config/README.md says how to report a mean over splits."""
    scale = yaml.safe_load((root / "config" / "scales" / "paper.yaml").read_text())
    names = ("ucf101", "ucf101_2", "ucf101_3")
    for number, name in enumerate(names, start=1):
        scale["datasets"][name] = scale["datasets"]["ucf101"] | {"split": number}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(scale))
    recipe = {"method": "moco", "backbone": "r2plus1d", "pretrain": "kinetics400"}
    columns = {name: {"title": name, "dataset": name, "metric": "top1"} for name in names}
    table = {"name": "table7", "title": "", "source": "", "show": {}, "columns": columns}
    table["rows"] = [{"show": {}, "task": "finetune", "recipe": recipe}]
    (tmp_path / "table7.yaml").write_text(yaml.safe_dump(table))
    (tmp_path / "tables").mkdir()
    (tmp_path / "table7.yaml").rename(tmp_path / "tables" / "table7.yaml")
    own = Experiments(str(tmp_path / "own.yaml"), tmp_path / "tables")
    (run,) = own.runs
    assert own.results(["table7"]) == [f"{run}/{name}/finetune.json" for name in names]


def test_47_of_the_48_dives_occur(shared):
    parsed = diving48.parse(shared / "annotations/diving48")
    used = with_videos(parsed.classes, parsed.table)
    assert len(parsed.classes) == 48 and len(used) == 47
    (missing,) = set(parsed.classes) - set(used)
    manifest = Manifest("d", shared, manifest_rows(parsed.table), used)
    labels = manifest.labels()
    assert missing not in manifest.classes
    assert np.array_equal(np.unique(labels), np.arange(47))  # none of 47 outputs is idle


def manifest_rows(table):
    """Manifest rows as if every listed video were there."""
    return table.drop(columns="end").assign(
        dataset="d",
        frames=(table["end"] - table["start"]).astype(int),
        fps=25.0,
        width=32,
        height=24,
        status="ok",
    )


def short_official_cuts(shared):
    """(start, end) of the official clips that are shorter than 32 frames."""
    cuts = []
    for part in ("train", "test"):
        for entry in json.loads(
            (shared / f"annotations/diving48/Diving48_V2_{part}.json").read_text()
        ):
            if entry["end_frame"] - entry["start_frame"] < window(16, 2):
                cuts.append((entry["start_frame"], entry["end_frame"]))
    return cuts


def test_the_27_short_dives_loop_within_their_cut(shared, tmp_path):
    """No frame outside the annotated range is shown, and none of the clips is dropped."""
    cuts = short_official_cuts(shared)
    assert len(cuts) == 27
    lists = {"train": [], "test": []}
    for number, (start, end) in enumerate(cuts):
        entry = {"vid_name": f"v_{number:05d}", "label": 0, "start_frame": start, "end_frame": end}
        lists["train" if number else "test"].append(entry)
    video = write_video(tmp_path / "v_00000.mkv", pictures(max(end for _, end in cuts) + 3))
    for number in range(1, 27):
        (tmp_path / f"v_{number:05d}.mkv").symlink_to(tmp_path / "v_00000.mkv")
    for part, entries in lists.items():
        (tmp_path / f"Diving48_V2_{part}.json").write_text(json.dumps(entries))
    (tmp_path / "Diving48_vocab.json").write_text('[["Back", "1som"]]')
    manifest = index("diving48", tmp_path, tmp_path, name="dives", progress=False)
    assert len(manifest.select("train")) + len(manifest.select("test")) == 27
    clips = UniformClips(manifest, 16, 2, 2)
    for row, (start, frames) in enumerate(
        zip(manifest.table["start"], manifest.table["frames"], strict=True)
    ):
        assert (start, start + frames) in cuts
        for clip, first in zip(
            clips[row].clips.numpy(), uniform_starts(frames, 16, 2, 2), strict=True
        ):
            wanted = [video[start + (first + 2 * t) % frames] for t in range(16)]
            np.testing.assert_array_equal(clip.transpose(1, 2, 3, 0), wanted)
