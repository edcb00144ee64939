"""Every count that is known of the official lists, where the lists are at hand."""

import csv
import hashlib
import re

import pytest

from fame.config.sources import load_sources
from fame.core.errors import FameError
from fame.data.datasets import diving48, hmdb51, kinetics400, ucf101

SOURCES = load_sources()
PARSERS = {
    "ucf101": ucf101.parse,
    "hmdb51": hmdb51.parse,
    "diving48": lambda f, _: diving48.parse(f),
}
SPLITS = [(name, split) for name in PARSERS for split in SOURCES[name].counts]


@pytest.fixture
def lists(shared):
    return shared / "annotations"


def parsed(lists, name, split=1):
    return PARSERS[name](lists / name, split)


@pytest.mark.parametrize(("name", "split"), SPLITS)
def test_the_counts_that_we_publish_are_those_of_the_lists(lists, name, split):
    annotations = parsed(lists, name, split)
    assert annotations.table["split"].value_counts().to_dict() == SOURCES[name].counts[split]
    assert len(annotations.classes) == SOURCES[name].classes


def test_ucf101_has_25_groups_of_4_to_7_clips_in_every_class(lists):
    table = parsed(lists, "ucf101").table
    assert len(table) == 13_320
    sizes = table.groupby(["label", "group"]).size()
    assert set(sizes.groupby("label").size()) == {25}
    assert (sizes.min(), sizes.max()) == (4, 7)


@pytest.mark.parametrize("split", [1, 2, 3])
def test_no_group_of_ucf101_is_on_both_sides(lists, split):
    table = parsed(lists, "ucf101", split).table
    assert table.groupby(["label", "group"])["split"].nunique().max() == 1


def test_the_splits_of_ucf101_test_each_video_once(lists):
    tables = [parsed(lists, "ucf101", split).table for split in (1, 2, 3)]
    tests = [set(table["video"][table["split"] == "test"]) for table in tables]
    assert len({frozenset(table["video"]) for table in tables}) == 1
    assert sum(map(len, tests)) == len(set().union(*tests)) == 3783 + 3734 + 3696


def test_ucf101_lists_have_windows_line_ends_and_two_spellings(lists):
    raw = (lists / "ucf101/trainlist01.txt").read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n") > 9000
    table = parsed(lists, "ucf101").table
    odd = table[table["label"] == "HandstandPushups"]
    assert len(odd) == 128
    assert odd["video"].str.startswith("v_HandStandPushups_").all()


@pytest.mark.parametrize("split", [1, 2, 3])
def test_hmdb51_takes_70_and_30_of_every_class(lists, split):
    table = parsed(lists, "hmdb51", split).table
    assert len(table) == 6766
    sizes = table.groupby(["label", "split"]).size().unstack()
    assert set(sizes["train"]) == {70}
    assert set(sizes["test"]) == {30}
    assert table.groupby("label").size().min() >= 101


def test_hmdb51_names_hold_what_shells_and_patterns_trip_over(lists):
    characters = set("".join(parsed(lists, "hmdb51").table["path"]))
    assert set("()!#&[];+@~-") <= characters
    assert not {"\\", '"', "\n"} & characters


def test_diving48_has_47_populated_classes_of_48(lists):
    annotations = parsed(lists, "diving48")
    assert set(annotations.classes) - set(annotations.table["label"]) == {annotations.classes[30]}
    sizes = annotations.table.groupby(["split", "label"]).size()
    assert (sizes["train"].min(), sizes["train"].max()) == (33, 1053)
    assert (sizes["test"].min(), sizes["test"].max()) == (2, 163)


def test_diving48_clips_are_short_and_few_are_very_short(lists):
    table = parsed(lists, "diving48").table
    frames = (table["end"] - table["start"]).astype(int).groupby(table["split"])
    assert frames.agg(["min", "max"]).T.to_dict("list") == {"train": [24, 822], "test": [24, 331]}
    assert frames.median().to_dict() == {"train": 154, "test": 103}
    for limit, train, test in ((32, 22, 5), (64, 770, 234)):
        short = frames.apply(lambda lengths, limit=limit: (lengths < limit).sum())
        assert short.to_dict() == {"train": train, "test": test}
    assert (table["start"] == 0).all()


def test_diving48_shares_no_source_between_the_sides(lists):
    table = parsed(lists, "diving48").table
    assert table.groupby("group")["split"].nunique().max() == 1


def test_diving48_lists_are_the_published_ones(lists):
    for part in SOURCES["diving48"].parts.values():
        for source in part.sources:
            if source.sha256:
                content = (lists / "diving48" / source.name).read_bytes()
                assert len(content) == source.size
                assert hashlib.sha256(content).hexdigest() == source.sha256


def test_kinetics400_validation_list(lists):
    clips = kinetics400.parse(lists / "kinetics400/kinetics-400_val.csv")
    assert len(clips) == SOURCES["kinetics400"].counts[1]["val"] == 19_906
    assert {clip.split for clip in clips} == {"val"}
    official = (lists / "kinetics400/label_map_k400.txt").read_text().splitlines()
    assert sorted({clip.label for clip in clips}) == official
    assert len(official) == SOURCES["kinetics400"].classes == 400
    assert all(re.fullmatch(r"[\w-]{11}_\d{6}_\d{6}", clip.stem) for clip in clips)
    assert len({clip.youtube_id for clip in clips}) == len(clips)


def test_kinetics400_test_list_has_no_labels(lists):
    file = lists / "kinetics400/kinetics-400_test.csv"
    with file.open(newline="") as text:
        assert len(list(csv.DictReader(text))) == 38_685
    with pytest.raises(FameError, match="no csv with label"):
        kinetics400.parse(file)


def test_a_folder_of_kinetics400_lists_names_each_clip_once(lists):
    clips = kinetics400.parse(lists / "kinetics400")  # eight of them stand in two files
    assert len(clips) == len(set(clips)) == 19_906
    named = kinetics400.Clips(clips)
    assert all(named.find(clip.stem, "val") == f"val/{clip.label}" for clip in clips)
