"""A dataset is added by one file and one entry of a scale, and by nothing else."""

import shutil
import sys
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import yaml
from micro_world import MICRO

from fame.acquire.archives.arrange import place_lists, place_videos
from fame.config import layouts
from fame.config.reading import load_scale
from fame.config.sources import SOURCES, load_sources
from fame.config.tables import Recipe
from fame.core import registry
from fame.core.errors import FameError
from fame.data import datasets
from fame.data.clips.dataset import UniformClips
from fame.data.instances import generate, read
from fame.pipeline.runs import resolve

TOY = Path(__file__).parents[2] / "workflow" / "toys" / "gestures.py"


@pytest.fixture(params=["name", "path"])
def added(request, tmp_path, monkeypatch):
    """How a scale names the toy: a file of the package, or a file that lies anywhere."""
    if request.param == "path":
        return str(TOY)
    folder = tmp_path / "more"
    folder.mkdir()
    shutil.copy(TOY, folder)
    searched = [*datasets.__path__, str(folder)]
    monkeypatch.setattr(datasets, "__path__", searched)
    monkeypatch.setattr(datasets.__spec__, "submodule_search_locations", searched)
    monkeypatch.delitem(sys.modules, "fame.data.datasets.gestures", raising=False)
    return "gestures"


def scale_with(tmp_path, name, entry):
    """The micro scale with one more dataset."""
    settings = yaml.safe_load(MICRO.read_text())
    settings["datasets"][name] = entry(settings["datasets"]["ucf101"])
    (tmp_path / "scale.yaml").write_text(yaml.safe_dump(settings))
    return load_scale(str(tmp_path / "scale.yaml"))


def world_entry(layout, **changes):
    def entry(ucf101):
        world = ucf101["world"] | {"layout": layout, "train": 8, "test": 8} | changes
        return ucf101 | {"title": "Gestures (generated)", "world": world}

    return entry


def folder_entry(kind, world, **changes):
    settings = {
        "kind": kind,
        "title": "Gestures",
        "root": str(world / "videos"),
        "annotations": str(world / "annotations"),
        "split": 1,
        "missing": "error",
        "tolerance": 0,
        "verify": {"frames": "all", "seconds": 60},
        "prepare": None,
    }
    return lambda _: settings | changes


def sides(manifest):
    return manifest.table["split"].value_counts().to_dict()


def test_its_world_is_generated_indexed_and_cut_into_clips(tmp_path, added):
    scale = scale_with(tmp_path, "toy", world_entry(added))
    world = tmp_path / "world"
    generate(scale, "toy-w0", world)
    manifest = read(scale, "toy-w0", world, workers=1)
    assert sides(manifest) == {"train": 8, "test": 8}
    assert manifest.classes[0] == "Moving fast bounce" and len(manifest.classes) == 8
    clips = UniformClips(manifest.select("test"), frames=4, stride=2, clips=2)
    assert tuple(clips[0].clips.shape) == (2, 3, 4, 40, 40)
    assert len(np.unique(clips[0].clips.numpy())) > 10


def test_its_real_videos_are_read_by_the_same_file(tmp_path, added):
    world = tmp_path / "world"
    generate(scale_with(tmp_path, "toy", world_entry(added)), "toy-w0", world)
    scale = scale_with(tmp_path, "toy", folder_entry(added, world))
    assert sides(read(scale, "toy", None, workers=1)) == {"train": 8, "test": 8}
    next((world / "videos").iterdir()).unlink()
    with pytest.raises(FameError, match="1 of 16 annotated"):
        read(scale, "toy", None, workers=1)


def test_a_path_and_a_name_give_the_same_videos(tmp_path, added):
    """Since draws are keyed by the file's name, wherever it lies."""
    scale = scale_with(tmp_path, "toy", world_entry(added, train=1, test=0))
    generate(scale, "toy-w0", tmp_path / "world")
    (video,) = (tmp_path / "world" / "videos").iterdir()
    assert video.name == "615119596.avi"


def test_its_archives_are_arranged(added):
    assert place_videos(added, "videos", None)(PurePosixPath("deep/7.avi")) == "7.avi"
    assert place_videos(added, "videos", None)(PurePosixPath("deep/7.txt")) is None
    assert place_lists(added)(PurePosixPath("lists/train.json")) == "train.json"


def test_it_may_stand_in_the_file_of_sources(tmp_path, added):
    sources = yaml.safe_load(SOURCES.read_text())
    sources["datasets"][added] = sources["datasets"]["ucf101"] | {"title": "Gestures"}
    (tmp_path / "datasets.yaml").write_text(yaml.safe_dump(sources))
    assert load_sources(tmp_path / "datasets.yaml")[added].title == "Gestures"


def test_splits_that_it_has_not_are_refused(tmp_path, added):
    with pytest.raises(FameError, match="has no val videos: set val to 0"):
        scale_with(tmp_path, "toy", world_entry(added, val=8))
    with pytest.raises(FameError, match="no official split 2; set split to 1"):
        scale_with(tmp_path, "toy", folder_entry(added, tmp_path, split=2))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (world_entry("ucf11"), r"layout: There is no 'ucf11' .*did you mean 'ucf101'\?"),
        (folder_entry("hmbd51", Path()), r"toy: there is no kind 'hmbd51'; did you mean 'hmdb51'"),
        (folder_entry("foldr", Path()), "did you mean 'folder'"),
        (folder_entry("absent.py", Path()), r"absent\.py: the plug-in file cannot be read"),
        (lambda _: {"title": "Gestures"}, "toy: kind is missing"),
        (lambda _: "ucf101", "toy: kind is missing"),
        (folder_entry("ucf101", Path(), splits=1), "did you mean 'split'"),
    ],
)
def test_an_unknown_dataset_is_refused_with_the_nearest_name(tmp_path, entry, words):
    with pytest.raises(FameError, match=words):
        scale_with(tmp_path, "toy", entry)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("OFFICIAL_SPLITS = 1\n", "^.*SPLITS of .* must be a tuple"),
        ("SPLITS = tuple(range(2))\nOFFICIAL_SPLITS = 1\n", "SPLITS must be written out"),
        ("SPLITS = ('train', 'tets')\nOFFICIAL_SPLITS = 1\n", "some of train, val, test, unused"),
        ("SPLITS = ('train',)\n", "OFFICIAL_SPLITS of .* whole number from 1"),
        ("SPLITS = ('train',)\nOFFICIAL_SPLITS = 0\n", "whole number from 1"),
        ("SPLITS = (", "is not Python"),
    ],
)
def test_a_file_that_does_not_state_its_splits_is_refused(tmp_path, text, words):
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(FameError, match=words):
        scale_with(tmp_path, "toy", folder_entry(str(tmp_path / "bad.py"), tmp_path))


STATED = "SPLITS = ('train',)\nOFFICIAL_SPLITS = 1\n"
BARE = "from fame.data.datasets.common import Dataset\nDATASET = Dataset(match=print)\n"


def test_what_a_file_does_not_declare_is_refused_before_any_work(tmp_path):
    file = tmp_path / "bare.py"
    file.write_text(STATED + BARE)
    scale = scale_with(tmp_path, "toy", world_entry(str(file), train=1, test=0))
    with pytest.raises(FameError, match="does not say how a world is laid out"):
        generate(scale, "toy-w0", tmp_path / "world")
    assert not (tmp_path / "world").exists()
    with pytest.raises(FameError, match="does not say how its archives are arranged"):
        place_lists(str(file))
    with pytest.raises(FameError, match="needs the folder of its official lists"):
        datasets.match(str(file), tmp_path, None)
    (tmp_path / "none.py").write_text(STATED + "DATASET = 1\n")
    with pytest.raises(FameError, match="is not a Dataset"):
        datasets.get(str(tmp_path / "none.py"))


def test_every_dataset_states_the_splits_of_its_lists():
    names = registry.names(layouts.DATASETS)
    assert names == ["diving48", "hmdb51", "kinetics400", "ucf101", "ucf101_hmdb51"]
    counts = {name: source.counts for name, source in load_sources().items()}
    for name in set(names) - {"ucf101_hmdb51"}:  # two of the others together
        assert set(counts[name]) == set(range(1, layouts.official_splits_of(name) + 1))
        assert set(layouts.splits_of(name)) <= set(counts[name][1])


def test_the_content_of_a_file_is_part_of_the_recipe(tmp_path):
    file = tmp_path / "gestures.py"
    shutil.copy(TOY, file)
    recipe = Recipe(method="moco", backbone="r2plus1d", pretrain="ucf101", merge={"mask": "fame"})

    def named(entry):
        return resolve(scale_with(tmp_path, "ucf101", entry), recipe, {}, 0).id

    entries = world_entry(str(file)), folder_entry(str(file), tmp_path)
    before = [named(entry) for entry in entries]
    assert before == [named(entry) for entry in entries]
    file.write_text(file.read_text() + "\n# another\n")
    assert not set(before) & {named(entry) for entry in entries}
