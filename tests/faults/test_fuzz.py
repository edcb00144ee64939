"""Broken real videos and lists: each is decided, none crashes or stalls. `make fuzz`: 10,000."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_videos import MUTATIONS, decisions, mutant, small, summary
from fame.core.errors import FameError
from fame.data import datasets as annotations
from fame.data.index import Check
from fame.data.video.facts import VideoInfo

MUTANTS = 63  # nine of each kind of damage


def test_broken_videos_are_decided(shared, tmp_path):
    sources = small(shared / "videos" / "odd") + small(shared / "videos" / "weizmann")
    check = Check(seconds=20, workers=2, progress=False)
    outcomes = list(decisions(sources, MUTANTS, 1, tmp_path, check))
    assert len(outcomes) == MUTANTS
    assert {kind for kind, _ in outcomes} == set(MUTATIONS)
    for _, look in outcomes:
        assert isinstance(look, VideoInfo) or look.endswith(".")
    report = summary(outcomes)
    assert report["taken"] + report["quarantined"] == MUTANTS
    assert report["taken"] > 0 < report["quarantined"]
    assert not list(tmp_path.iterdir())


def test_mutants_are_keyed_and_broken(shared):
    sources = small(shared / "videos" / "weizmann")
    made = [mutant(sources, 0, number) for number in range(21)]
    assert made == [mutant(sources, 0, number) for number in range(21)]
    whole = {path.read_bytes() for path in sources}
    assert [content in whole for _, _, content in made] == [kind == "renamed" for kind, *_ in made]


LISTS = {
    "ucf101": ("ucf101", ["classInd.txt", "trainlist01.txt", "testlist01.txt"]),
    "hmdb51": (
        "hmdb51/testTrainMulti_7030_splits",
        ["clap_test_split1.txt", "golf_test_split1.txt"],
    ),
    "diving48": (
        "diving48",
        ["Diving48_V2_test.json", "Diving48_V2_train.json", "Diving48_vocab.json"],
    ),
    "kinetics400": ("kinetics400", ["kinetics_val.csv"]),
}
VIDEO = {
    "ucf101": "Swing/v_Swing_g01_c01.avi",
    "hmdb51": "clap/a_clap_u.avi",
    "diving48": "rgb/a_1.mp4",
    "kinetics400": "train/arm wrestling/abcdefghijk_000001_000011.mp4",
}


def head(path):
    """The beginning of a list, whole as such."""
    if path.suffix == ".json":
        return json.dumps(json.loads(path.read_text())[:30]).encode()
    return path.read_bytes()[:3000]


def damaged(data, text):
    """A list with a piece cut out, replaced by some bytes; whole lines often survive."""
    start, length = data
    return text[:start] + length[1] + text[start + length[0] :]


@pytest.mark.parametrize("kind", sorted(LISTS))
def test_broken_lists_are_read_or_refused(kind, shared, tmp_path):
    folder, names = LISTS[kind]
    source = shared / "annotations" / folder
    present = [source / name for name in names if (source / name).is_file()]
    present = present or sorted(source.glob("*.csv"))[:1]
    heads = {path.name: head(path) for path in present}
    root = tmp_path / "videos"
    (root / VIDEO[kind]).parent.mkdir(parents=True)
    (root / VIDEO[kind]).touch()
    (tmp_path / "lists").mkdir()

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.sampled_from(sorted(heads)),
        st.lists(
            st.tuples(st.integers(0, 3000), st.tuples(st.integers(0, 200), st.binary(max_size=12))),
            min_size=1,
            max_size=3,
        ),
    )
    def check(victim, cuts):
        for name, text in heads.items():
            content = text
            for cut in cuts if name == victim else []:
                content = damaged(cut, content)
            (tmp_path / "lists" / name).write_bytes(content)
        try:
            matched = annotations.read(kind, root, tmp_path / "lists", 1, "skip")
        except FameError as error:
            assert len(str(error).splitlines()) == 1
        else:
            assert set(matched.table["split"]) <= {"train", "val", "test", "unused"}

    check()
