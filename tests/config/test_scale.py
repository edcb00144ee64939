"""Questions to a scale: its parts as text, and which datasets are read from small copies."""

import json

import pytest

from fame.config.datasets import Prepare
from fame.config.reading import load_scale
from fame.core.errors import FameError


def test_a_section_is_the_part_and_nothing_else():
    mini = load_scale("mini")
    section = json.loads(mini.section("evaluate", "masks"))
    assert section == mini.evaluate.masks.model_dump(mode="json")
    assert json.loads(mini.section("max_short_side")) == mini.max_short_side
    assert json.loads(mini.section()) == mini.model_dump(mode="json")


def test_a_note_changes_the_whole_and_no_other_section():
    mini = load_scale("mini")
    noted = mini.model_copy(update={"note": "another"})
    assert noted.section() != mini.section()
    assert noted.section("pretrain") == mini.section("pretrain")


@pytest.mark.parametrize("keys", [("nothing",), ("pretrain", "nothing"), ("note", "nothing")])
def test_a_part_that_is_not_there_is_named(keys):
    with pytest.raises(FameError, match=rf"scale 'mini' has no {'.'.join(keys)}"):
        load_scale("mini").section(*keys)


def test_what_is_read_from_copies():
    paper = load_scale("paper")
    assert load_scale("mini").prepared == []
    copies = Prepare(to="copies", short_side=32, crf=20, keyframes=4, shards=3)
    assert copies.parts == ["0-of-3", "1-of-3", "2-of-3"]
    entry = paper.datasets["ucf101"].model_copy(update={"prepare": copies})
    others = {
        name: one.model_copy(update={"prepare": None}) for name, one in paper.datasets.items()
    }
    scale = paper.model_copy(update={"datasets": others | {"ucf101": entry}})
    assert scale.prepared == ["ucf101"]
