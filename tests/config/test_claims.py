"""The claims file: every fault names the claim, and the committed page says what is published."""

import copy
import csv

import pytest
import yaml

from fame.config.claims import OURS, PRIMARY, load_claims
from fame.config.reading import load_table
from fame.core.errors import FameError

GOOD = {
    "id": "a",
    "text": "intra beats none",
    "source": "paper, Table 3",
    "family": "secondary",
    "kind": "greater",
    "better": {"table": "table3", "row": {"background": "intra-video"}, "column": "ucf101"},
    "worse": {"table": "table3", "row": {"background": "none (MoCo)"}, "column": "ucf101"},
}


@pytest.fixture(scope="module")
def tables(request):
    folder = request.config.rootpath / "config" / "tables"
    return {file.stem: load_table(file) for file in folder.glob("*.yaml") if file.stem != "figures"}


@pytest.fixture(scope="module")
def page(request, tables):
    return load_claims(request.config.rootpath / "config" / "claims.yaml", tables)


@pytest.fixture
def load(tmp_path, tables):
    def load(*claims):
        path = tmp_path / "claims.yaml"
        path.write_text(yaml.safe_dump({"claims": list(claims)}), encoding="utf-8")
        return load_claims(path, tables)

    return load


def changed(path: str, value) -> dict:
    """`GOOD` with one entry replaced; None removes it."""
    claim = copy.deepcopy(GOOD)
    *folders, last = path.split(".")
    place = claim
    for folder in folders:
        place = place[folder]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return claim


def test_a_good_claim_is_located(load):
    (claim,) = load(GOOD)
    assert (claim.better.table, claim.better.row, claim.better.column) == ("table3", 1, "ucf101")
    assert claim.worse.row == 0
    assert claim.published == 1.6


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("better.table", "tabel3", r"claim a: better: there is no table 'tabel3'; did you mean"),
        (
            "worse.column",
            "ufc101",
            r"a: worse: table3 has no column 'ufc101'; did .*'ucf101'",
        ),
        ("better.column", "x", r"claim a: better: table3 has no column 'x'; known: hmdb51, ucf101"),
        ("better.row", {"backgrond": "x"}, r"the rows of table3 show no 'backgrond'; did you mean"),
        (
            "better.row",
            {"background": "intra-vide"},
            r"claim a: better: no row of table3 shows background 'intra-vide'; did you mean 'intra",
        ),
        ("kind", "smaller", r"claims\.0\.kind: Input should be 'greater', 'less' or 'similar'"),
        ("kind", "similar", r"claim a: kind `similar` needs `within`"),
        ("within", 2, r"claim a: kind `similar` needs `within`"),
        ("source", "a blog", r"claims\.0\.source: String should match"),
        ("family", "main", r"claims\.0\.family: Input should be 'primary' or 'secondary'"),
        ("family", None, r"claims\.0\.family"),
        ("kind", "less", r"claim a: kind 'less' of 'UCF101'; there it is 'greater'"),
        ("id", "A B", r"claims\.0\.id: String should match"),
        ("better.colum", "ucf101", r"unknown key claims\.0\.better\.colum; did you mean 'column'"),
        ("better.row", {}, r"claims\.0\.better\.row: Dictionary should have at least 1 item"),
        ("worse.column", "hmdb51", r"compares finetune ucf101 top1 with finetune hmdb51 top1"),
    ],
)
def test_a_fault_names_the_claim_and_the_remedy(load, path, value, message):
    with pytest.raises(FameError, match=message) as caught:
        load(changed(path, value))
    assert str(caught.value).count("\n") == 0


def test_a_row_that_is_not_unique(load):
    claim = changed("better", {"table": "table4", "row": {"method": "FAME"}, "column": "ucf101"})
    with pytest.raises(FameError, match=r"2 rows of table4 show method FAME; give .*, pretrain\)"):
        load(claim)


def test_values_that_stand_in_no_row_together(load):
    row = {"method": "Gauss", "pretrain": "Kinetics-400 (dagger)"}
    claim = changed("better", {"table": "table4", "row": row, "column": "ucf101"})
    with pytest.raises(FameError, match=r"no row of table4 shows method Gauss, pre.* together"):
        load(claim)


def test_a_quoted_cell_is_refused(tmp_path, tables):
    table = tables["table3"]
    rows = [row.model_copy(update={"recipe": None}) for row in table.rows]
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({"claims": [GOOD]}), encoding="utf-8")
    with pytest.raises(FameError, match=r"claim a: better: .* of table3 is quoted only; give it"):
        load_claims(path, tables | {"table3": table.model_copy(update={"rows": rows})})


def test_two_claims_of_one_id(load):
    with pytest.raises(FameError, match="two claims have the id a; rename one"):
        load(GOOD, GOOD)


def test_the_opposite_of_what_is_published(load):
    claim = GOOD | {"better": GOOD["worse"], "worse": GOOD["better"]}
    with pytest.raises(FameError, match=r"claim a: the published cells differ by -1.6 points"):
        load(claim)
    with pytest.raises(FameError, match=r"contradicts 'similar'"):
        load(GOOD | {"kind": "similar", "within": 1.5})
    (located,) = load(GOOD | {"kind": "similar", "within": 1.6})
    assert located.published == 1.6


def test_the_paper_cannot_claim_what_it_did_not_publish(load):
    def cell(method):
        row = {"method": method, "backbone": "R(2+1)D", "freeze": True}
        return {"table": "table5", "row": row, "column": "ucf101"}

    claim = GOOD | {"better": cell("FAME"), "worse": cell("MoCo (no FAME)")}
    with pytest.raises(
        FameError, match=r"one of its cells was not published; write `source: ours`"
    ):
        load(claim)
    (located,) = load(claim | {"source": OURS})
    assert located.published is None


def test_no_file_and_no_claims(tmp_path, tables, load):
    with pytest.raises(FameError, match="no such file"):
        load_claims(tmp_path / "none.yaml", tables)
    with pytest.raises(FameError, match="at least 1 item"):
        load()


# The committed page


def test_every_claim_says_where_it_is_from(page, tables):
    for located in page:
        claim, at = located.claim, located.better
        assert claim.better.table == claim.worse.table
        if claim.source == OURS:
            assert located.published is None
        else:
            assert claim.source == f"paper, {tables[at.table].title.split(':')[0]}"


def test_published_gains_are_those_of_the_poster_s_cells(page, tables, shared):
    cells = {}
    for name in (name for name in tables if any(row.published for row in tables[name].rows)):
        with (shared / "paper" / f"published_{name}.csv").open(encoding="utf-8") as file:
            cells[name] = list(csv.DictReader(file))
    for located in page:
        if located.published is not None:
            printed = cells[located.better.table]
            rows = [number(printed, tables, at) for at in (located.better, located.worse)]
            assert located.published == pytest.approx(rows[0] - rows[1])


def number(printed, tables, at):
    """The poster's number of a cell; our own rows stand between its rows and are not there."""
    before = tables[at.table].rows[: at.row]
    place = sum(bool(row.published) for row in before)
    return float(printed[place][{"diving48": "diving48_v2"}.get(at.column, at.column)])


def test_where_lower_is_better_a_claim_is_turned(load):
    def cell(method):
        return {"table": "probes", "row": {"method": method}, "column": "reliance_ucf101"}

    claim = GOOD | {"better": cell("FAME"), "worse": cell("MoCo"), "source": OURS}
    (located,) = load(claim | {"kind": "less"})
    assert located.claim.sign == -1
    with pytest.raises(FameError, match=r"kind 'greater' of 'Background rel.*; there it is 'less'"):
        load(claim)


def test_the_primary_claims_are_those_that_the_study_registers(page):
    """Five orderings, three evaluations, two datasets; and background reliance."""
    primary = [one for one in page if one.claim.family == PRIMARY]
    asked = {(one.better.row, one.worse.row, one.better.column) for one in primary}
    random, moco, be, intra, fame = range(5)
    pairs = [(fame, moco), (moco, random), (fame, be), (fame, intra), (intra, moco)]
    columns = [f"{t}_{d}" for t in ("linear", "r1", "finetune") for d in ("ucf101", "diving48")]
    expected = {(*pair, column) for pair in pairs for column in columns}
    assert asked == expected | {(fame, moco, "reliance_ucf101")}
    assert len(primary) == len(asked) == 31
    assert {one.better.table for one in primary} == {"probes"}


def compared(page, name):
    """(better's row, worse's row, kind) of a table's claims, by column."""
    rows_by_column = {}
    for one in page:
        if one.better.table == name:
            rows = (one.better.row, one.worse.row, one.claim.kind)
            rows_by_column.setdefault(one.better.column, set()).add(rows)
    return rows_by_column


def test_the_ablations_are_claimed_in_full(page):
    table1 = {(1, 0, "greater"), (2, 0, "greater"), (3, 0, "greater")}
    table1 |= {(2, 1, "similar"), (2, 3, "similar")}
    both = {(row, row, "similar") for row in (1, 2, 3)}
    for dataset in ("ucf101", "hmdb51"):
        assert compared(page, "table1")[f"{dataset}_single"] == table1 | both
        assert compared(page, "table1")[f"{dataset}_both"] == table1
        assert compared(page, "table3")[dataset] == {
            (1, 0, "greater"),
            (2, 1, "greater"),
            (2, 0, "greater"),
        }
        assert compared(page, "table4")[dataset] == {
            *((mask, 0, "greater") for mask in (1, 4)),
            (2, 1, "greater"),
            *((mask, 2, "greater") for mask in (3, 4)),
            (4, 3, "similar"),
            (6, 5, "greater"),
        }


def test_fame_is_held_against_every_other_measured_method(page, tables):
    """Whoever gives a quoted row (BE) a recipe adds its claims; the page judges the core rows."""
    for name in ("table2", "table5", "table6"):
        table, pairs = tables[name], {(one.better.row, one.worse.row) for one in page}
        for number, row in enumerate(table.rows):
            own = row.show["method"] == "FAME" or "own" in row.show["method"]
            if row.recipe is None or own or row.set != "core":
                continue
            fame = [
                place
                for place, other in enumerate(table.rows)
                if other.show["method"] == "FAME"
                and other.task == row.task
                and other.recipe.backbone == row.recipe.backbone
                and row.recipe.pretrain in (None, other.recipe.pretrain)
            ]
            assert fame
            assert {(place, number) for place in fame} <= pairs
