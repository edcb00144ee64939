"""The files of a mini world: videos, masks, card, and lists in official formats."""

import csv
import json
import subprocess
import sys
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
import pytest
from small_worlds import JOINERS, LAYOUTS, config

from fame.config.worlds import MOTIONS
from fame.core.errors import FameError
from fame.data.clips.dataset import UniformClips
from fame.data.index import index
from fame.data.synthetic import (
    GENERATOR_VERSION,
    WorldConfig,
    render,
    true_masks,
    truth,
    write,
    write_world,
)
from fame.data.video import kept_frames
from fame.data.video.decode import read_frames
from fame.data.video.sound import read_sound


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """(config, folder, card) of a written world of seed 3 by layout; each is written once."""
    folder = tmp_path_factory.mktemp("worlds")

    @cache
    def written(layout):
        made, root = config(layout=layout, **LAYOUTS[layout]), folder / layout
        write_world(made, 3, root)
        return made, root, json.loads((root / "world.json").read_text())

    return written


@pytest.fixture(params=sorted(LAYOUTS))
def world(request, worlds):
    return worlds(request.param)


def numbered(card):
    """(split, number within it, entry) of every video, in the order of writing."""
    seen = {}
    for entry in card["videos"]:
        number = seen[entry["split"]] = seen.get(entry["split"], -1) + 1
        yield entry["split"], number, entry


# --- what is on disk


def test_both_decoders_read_back_every_byte(world):
    decord = pytest.importorskip("decord")
    made, root, card = world
    for split, number, entry in list(numbered(card))[::5]:
        frames = render(made, 3, split, number).frames
        path = str(root / "videos" / entry["path"])
        with av.open(path) as container:
            by_av = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        np.testing.assert_array_equal(by_av, frames)
        reader = decord.VideoReader(path)
        assert len(reader) == made.frames
        np.testing.assert_array_equal(reader.get_batch(range(made.frames)).asnumpy(), frames)


def test_jobs_read_the_decoded_frames_and_not_the_video(world, monkeypatch):
    made, root, card = world
    monkeypatch.setattr(kept_frames, "read_frames", None)
    numbers = np.arange(made.frames)[::-1]
    for split, number, entry in list(numbered(card))[::5]:
        read = kept_frames.frames_of(root / "videos", entry["path"], numbers)
        np.testing.assert_array_equal(read, render(made, 3, split, number).frames[::-1])


def test_every_file_is_listed_and_has_masks(world):
    made, root, card = world
    listed = {entry["path"] for entry in card["videos"]}
    on_disk = {p.relative_to(root / "videos").as_posix() for p in (root / "videos").rglob("*.*")}
    assert len(card["videos"]) == len(listed)
    assert listed == on_disk
    for split, number, entry in numbered(card):
        masks = true_masks(root / "videos" / entry["path"], root)
        assert masks.dtype == bool
        np.testing.assert_array_equal(masks, render(made, 3, split, number).masks)
        np.testing.assert_array_equal(masks, true_masks(Path(entry["path"]), root))


def test_card_tells_the_truth(world):
    made, _, card = world
    assert card["generator"] == GENERATOR_VERSION
    assert card["seed"] == 3
    assert WorldConfig(**card["config"]) == made
    assert card["classes"] == sorted({entry["class_name"] for entry in card["videos"]})
    joiner = JOINERS[made.layout]
    for split, number, entry in numbered(card):
        meant = truth(made, 3, split, number)
        words = MOTIONS[meant.motion]
        words = [word.capitalize() for word in words] if joiner == "" else words
        assert entry["class_name"].removesuffix("_NoTwis_FREE") == joiner.join(words)
        assert entry["scene"] == meant.scene


def test_splits_have_their_sizes_and_classes_are_balanced(world):
    made, _, card = world
    for split in ("train", "val", "test", "unused"):
        names = [entry["class_name"] for entry in card["videos"] if entry["split"] == split]
        assert len(names) == made.videos(split)
        assert {names.count(name) for name in names} <= {len(names) // len(MOTIONS)}


def test_same_seed_same_bytes(tmp_path):
    for layout in ("ucf101", "kinetics400"):
        made = config(layout=layout, **{**LAYOUTS[layout], "train": 3, "test": 0, "val": 0})
        first, second = tmp_path / f"{layout}1", tmp_path / f"{layout}2"
        write_world(made, 5, first)
        write_world(made, 5, second)
        files = sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file())
        assert files == sorted(p.relative_to(second) for p in second.rglob("*") if p.is_file())
        for file in files:
            assert (first / file).read_bytes() == (second / file).read_bytes(), file


@pytest.mark.parametrize("layout", ["ucf101", "kinetics400"])
def test_sound_is_a_stream_of_the_file_and_frames_stay_as_they_are(tmp_path, layout):
    plain = config(layout=layout, **{**LAYOUTS[layout], "train": 2, "test": 0, "val": 0})
    heard = plain.model_copy(update={"sound": True})
    write_world(heard, 3, tmp_path / "w")
    card = json.loads((tmp_path / "w" / "world.json").read_text())
    assert card["config"]["sound"] is True
    for split, number, entry in numbered(card):
        video, silent = render(heard, 3, split, number), render(plain, 3, split, number)
        np.testing.assert_array_equal(video.frames, silent.frames)
        np.testing.assert_array_equal(video.masks, silent.masks)
        path = tmp_path / "w" / "videos" / entry["path"]
        np.testing.assert_array_equal(read_frames(path, range(plain.frames)), silent.frames)
        np.testing.assert_array_equal(read_sound(path).samples, video.sound)
        if find_spec("decord"):
            read = read_frames(path, range(plain.frames), "decord")
            np.testing.assert_array_equal(read, silent.frames)
        assert silent.sound is None
    if layout == "ucf101":
        return  # reading the lists again takes seconds
    told = index(layout, tmp_path / "w" / "videos", tmp_path / "w" / "annotations", name=layout)
    write_world(plain, 3, tmp_path / "p")
    said = index(layout, tmp_path / "p" / "videos", tmp_path / "p" / "annotations", name=layout)
    assert told.fingerprint() == said.fingerprint()


# --- official formats


def lines(path):
    return path.read_bytes().decode().split("\r\n")


def test_ucf101_lists(tmp_path):
    write_world(config(train=152, test=64, frames=2), 0, tmp_path / "w")
    notes = tmp_path / "w" / "annotations"
    names = ["classInd.txt", "testlist01.txt", "trainlist01.txt"]
    assert sorted(path.name for path in notes.iterdir()) == names
    index = lines(notes / "classInd.txt")
    assert index.pop() == ""
    numbers = {line.split(" ")[1]: int(line.split(" ")[0]) for line in index}
    assert sorted(numbers.values()) == list(range(1, 9))
    assert list(numbers) == sorted(numbers)
    train, test = lines(notes / "trainlist01.txt")[:-1], lines(notes / "testlist01.txt")[:-1]
    assert (len(train), len(test)) == (152, 64)
    assert b"\n" not in (notes / "trainlist01.txt").read_bytes().replace(b"\r\n", b"")
    groups = {"train": set(), "test": set()}
    for split, rows in (("train", train), ("test", test)):
        for row in rows:
            path, *number = row.split(" ")
            folder, name = path.split("/")
            group = name.removeprefix(f"v_{folder}_g").split("_c")[0]
            assert number == ([str(numbers[folder])] if split == "train" else [])
            assert len(group) == 2
            assert (tmp_path / "w" / "videos" / path).is_file()
            groups[split].add(int(group))
    assert groups["train"] == set(range(8, 26))
    assert groups["test"] == set(range(1, 8))


def test_kinetics_csv(worlds):
    _, root, card = worlds("kinetics400")
    for split in ("train", "val"):
        text = (root / "annotations" / f"{split}.csv").read_text()
        assert text.startswith("label,youtube_id,time_start,time_end,split,is_cc\n")
        rows = list(csv.DictReader(text.splitlines()))
        paths = {f"{split}/{r['label']}/{r['youtube_id']}_000000_000010.mp4" for r in rows}
        assert paths == {e["path"] for e in card["videos"] if e["split"] == split}
        assert all(len(r["youtube_id"]) == 11 and r["split"] == split for r in rows)


def test_hmdb_lists(worlds):
    _, root, card = worlds("hmdb51")
    listed, films = set(), {0: set(), 1: set(), 2: set()}
    for name in card["classes"]:
        for row in (root / "annotations" / f"{name}_test_split1.txt").read_text().splitlines():
            file, tag, rest = row.split(" ")
            assert rest == ""
            listed.add((f"{name}/{file}", {1: "train", 2: "test", 0: "unused"}[int(tag)]))
            films[int(tag)].add(file.split(f"_{name}_")[0])
    assert listed == {(entry["path"], entry["split"]) for entry in card["videos"]}
    assert not films[1] & films[2]
    assert set("()!#&;~") <= set("".join(path for path, _ in listed))


def test_diving_lists(worlds):
    made, root, card = worlds("diving48")
    dives = ["_".join(attributes) for attributes in json.loads(text_of(root, "vocab"))]
    assert len(dives) == len(MOTIONS) + 1 and dives == sorted(dives)
    assert {len(dive.split("_")) for dive in dives} == {4}
    for split in ("train", "test"):
        rows = json.loads(text_of(root, f"V2_{split}"))
        class_of = {f"rgb/{row['vid_name']}.mp4": dives[row["label"]] for row in rows}
        entries = [entry for entry in card["videos"] if entry["split"] == split]
        assert class_of == {entry["path"]: entry["class_name"] for entry in entries}
        ranges = [(row["start_frame"], row["end_frame"]) for row in rows]
        assert ranges == [(0, made.frames), (1, made.frames - 1)] * (len(rows) // 2)


def text_of(root, name):
    return (root / "annotations" / f"Diving48_{name}.json").read_text()


def test_a_diving_world_is_read_back_as_the_real_set_is(worlds):
    """Frames outside a range are neither counted nor shown."""
    made, root, card = worlds("diving48")
    manifest = index("diving48", root / "videos", root / "annotations", name="d", progress=False)
    assert (manifest.table["status"] == "ok").all()
    assert len(manifest.classes) == len(MOTIONS)
    assert set(zip(manifest.table["start"], manifest.table["frames"], strict=True)) == {
        (0, made.frames),
        (1, made.frames - 2),
    }
    train = manifest.select("train")
    clips = UniformClips(train, made.frames - 2, 1, 1)
    numbers = {entry["path"]: n for s, n, entry in numbered(card) if s == "train"}
    for place, path in enumerate(train.table["path"]):
        start = train.table["start"].iloc[place]
        frames = render(made, 3, "train", numbers[path]).frames[start : start + made.frames - 2]
        shown = clips[place].clips[0].permute(1, 2, 3, 0).numpy()
        np.testing.assert_array_equal(shown, frames)


# --- faults


def test_refuses_a_folder_that_holds_something(tmp_path):
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(FameError, match="already exists"):
        write_world(config(), 0, tmp_path)
    with pytest.raises(FameError, match="already exists"):
        write_world(config(), 0, tmp_path / "kept")
    assert (tmp_path / "kept").read_text() == "mine"


def test_two_do_not_write_one_world_at_once(tmp_path):
    root = tmp_path / "w"
    ready = tmp_path / "ready"
    code = (
        "import sys, time; from pathlib import Path; from fame.core.files import owned\n"
        "with owned(Path(sys.argv[1])): Path(sys.argv[2]).touch(); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, tmp_path / ".w.partial", ready]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as other:
        while not ready.exists():
            assert other.poll() is None
            time.sleep(0.01)
        with pytest.raises(FameError, match=f"process {other.pid}"):
            write_world(config(), 0, root)
        other.stdin.close()
    assert not root.exists()
    write_world(config(), 0, root)
    assert not (root / ".lock").exists() and not (tmp_path / ".w.partial").exists()


def test_an_interrupted_world_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(path, frames, sound):
        raise KeyboardInterrupt

    root = tmp_path / "world"
    root.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(write, "write_video", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_world(config(), 0, root)
    assert [p.name for p in tmp_path.iterdir()] == ["world"]
    leftover = tmp_path / ".world.partial" / "videos"
    leftover.mkdir(parents=True)
    (leftover / "stale.avi").write_text("from a killed run")
    write_world(config(train=1, test=0), 0, root)
    assert len(list((root / "videos").rglob("*.avi"))) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["world"]


def test_masks_of_a_strange_video_are_an_error(world, tmp_path):
    _, root, _ = world
    with pytest.raises(FameError, match="not under"):
        true_masks(tmp_path / "mine.avi", root)
    with pytest.raises(FameError, match="no true masks"):
        true_masks(Path("nothing.avi"), root)
