"""One side of a comparison: found by folder or scale; refusals name what to do."""

import pytest

from fame.core.errors import FameError
from fame.report.compare.sides import side

CSV = "method,task,x_published,x_measured,x_std,x_n,scale,runs\nFAME,linear,,50,1,3,{},r-s0\n"


def table(folder, scale="mini", name="table5"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_text(CSV.format(scale))


def test_a_scale_by_name_by_its_folder_and_by_the_folder_above(mini_results, tmp_path):
    given, folder = mini_results
    for name in ("mini", str(folder), str(folder.parent)):
        found = side(name, folder.parent)
        assert found.folder == folder
        assert set(found.tables) == set(given.tables)
        assert set(found.cards) == set(given.runs)
        assert found.scales == ["mini"]


def test_published_tables_have_no_cards(tmp_path):
    table(tmp_path)
    (tmp_path / "bias.csv").write_text("arm,scale\nFAME,mini\n")
    table(tmp_path, name="table6.partial")
    found = side(str(tmp_path), tmp_path)
    assert list(found.tables) == ["table5"]
    assert found.cards == found.evaluations == {}


def test_what_cannot_be_one_side_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for name, sentence in (
        (str(tmp_path / "file"), "is a file; name a folder of results or a scale"),
        ("mimi", r"'mimi' is neither a folder nor a scale \(known: .*mini"),
        ("mini", r"scale 'mini' has no results there yet; make some with `make results/table5"),
        (str(tmp_path), r"no tables to compare there .*; make one first"),
    ):
        with pytest.raises(FameError, match=sentence):
            side(name, tmp_path)


def test_several_scales_are_listed(tmp_path):
    for scale in ("mini", "paper"):
        table(tmp_path / scale / "tables", scale)
    with pytest.raises(FameError, match=r"holds several scales; name one of .*mini, .*paper"):
        side(str(tmp_path), tmp_path)


def test_a_card_that_is_none_is_named(tmp_path):
    table(tmp_path / "tables")
    (tmp_path / "pretrain" / "r").mkdir(parents=True)
    (tmp_path / "pretrain" / "r" / "card.json").write_text("[]")
    with pytest.raises(FameError, match=r"card\.json: not a card"):
        side(str(tmp_path), tmp_path)
