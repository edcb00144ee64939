"""The published cells stand in the table files exactly as the paper prints them."""

import csv

import pytest

from fame.config.reading import load_table
from fame.config.tables import Recipe, Row, Table
from fame.pipeline.experiments import Experiments

NAMES = ("table5", "table6")
UPPER = "Supervised (labels)"


@pytest.fixture(params=NAMES)
def table(request) -> Table:
    return load_table(request.config.rootpath / "config" / "tables" / f"{request.param}.yaml")


@pytest.fixture
def tables(request) -> dict[str, Table]:
    folder = request.config.rootpath / "config" / "tables"
    return {name: load_table(folder / f"{name}.yaml") for name in NAMES}


def published(table: Table) -> list[Row]:
    return [row for row in table.rows if row.published]


def as_printed(row: Row, key: str) -> str:
    """A cell in the spelling of the transcription: 1 or 0 for a truth value."""
    value = row.show.get(key, row.published.get(key))
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value)


def test_published_cells_equal_the_transcription_of_the_poster(table, shared):
    with (shared / "paper" / f"published_{table.name}.csv").open(encoding="utf-8") as file:
        expected = list(csv.DictReader(file))
    keys = [*table.show, *table.columns]
    assert keys == list(expected[0])
    cells = [{key: as_printed(row, key) for key in keys} for row in published(table)]
    assert cells == expected


def test_all_published_rows_are_there_and_complete(tables):
    assert len(published(tables["table5"])) == 22
    assert len(published(tables["table6"])) == 6
    for table in tables.values():
        for row in published(table):
            assert set(row.show) == set(table.show)
            assert set(row.published) == set(table.columns)
            assert all(value is None or 0 < value < 100 for value in row.published.values())


def test_the_papers_own_rows(tables):
    own = [row for row in tables["table5"].rows if row.show["method"] == "FAME"]
    assert [tuple(row.published.values()) for row in own] == [
        (72.2, 42.2),
        (84.8, 53.5),
        (88.6, 61.1),
    ]
    assert [row.task for row in own] == ["linear", "finetune", "finetune"]
    (own6,) = (row for row in tables["table6"].rows if row.show["method"] == "FAME")
    assert list(own6.published.values()) == [64.6, 77.7, 82.9, 87.6, 94.2]


def test_recall_rises_with_the_rank(tables):
    for row in published(tables["table6"]):
        values = [value for value in row.published.values() if value is not None]
        assert values == sorted(values)


def test_frozen_rows_are_probed_and_the_others_finetuned(tables):
    for row in tables["table5"].rows:
        if row.task:
            assert row.task == ("linear" if row.show["freeze"] else "finetune")


def test_fame_is_measured_against_moco_and_random_in_each_task(table):
    core = [row for row in table.rows if row.set == "core"]
    for task in {row.task for row in core if row.task}:
        recipes = {
            row.show["method"]: row.recipe
            for row in core
            if row.task == task and row.recipe and row.recipe.backbone == "r2plus1d"
        }
        assert set(recipes) == {"FAME", "MoCo (no FAME)", "Random initialisation"}
        fame, moco = recipes["FAME"], recipes["MoCo (no FAME)"]
        assert fame.merge == {"mask": "fame"}
        assert moco == fame.model_copy(update={"merge": None})  # differs in nothing else
        assert recipes["Random initialisation"].pretrain is None


def test_reference_rows_claim_nothing_published(table):
    for row in table.rows:
        if row.show["method"] in {"MoCo (no FAME)", "Random initialisation", "VCOP", UPPER}:
            assert row.published == {}


COMPARED = {
    "3DRotNet",
    "ASCNet",
    "CBT",
    "CCL",
    "DSM",
    "MemDPC",
    "GDT",
    "MLRep",
    "Pace Prediction",
    "PRP",
    "RSPNet",
    "Spatio-Temp",
    "SpeedNet",
    "SRTC",
    "TempTrans",
    "VCP",
    "VideoMoCo",
}


def test_fame_and_be_are_the_core_these_are_compared_and_all_else_is_quoted(table):
    for row in published(table):
        method = row.show["method"]
        assert (row.recipe is not None) == (method in {"FAME", "BE", *COMPARED})
        assert (row.set == "comparison") == (method in COMPARED)


def test_the_upper_line_is_moco_s_network_with_labels_and_competes_with_nobody(table):
    lines = [row for row in table.rows if row.show["method"] == UPPER]
    assert {row.task for row in lines} == {row.task for row in table.rows if row.task}
    assert len({table.block(row) for row in lines}) == len(lines)
    assert not {table.block(row) for row in lines} & {
        table.block(row) for row in table.rows if row not in lines
    }
    for row in lines:
        assert row.set == "comparison" and row.recipe == Recipe(
            method="supervised", backbone="r2plus1d", pretrain="kinetics400"
        )


@pytest.mark.parametrize("name", ["table2", "table5"])
def test_be_meets_fame_under_fames_protocol(request, name):
    table = load_table(request.config.rootpath / "config" / "tables" / f"{name}.yaml")
    fame = [row for row in table.rows if row.show["method"] == "FAME"]
    rivals = [row for row in table.rows if row.show["method"] == "BE"]
    assert rivals
    for row in rivals:
        assert row.recipe is not None and row.recipe.options == {
            "protocol": "fame",
            "strength": 0.3,
        }
        alike = {"method": "moco", "merge": {"mask": "fame"}, "options": {}}
        assert row.recipe.model_copy(update=alike) in [twin.recipe for twin in fame]
        assert row.task == "finetune"


@pytest.mark.parametrize("name", ["table1", "table2", "table3", "table4"])
def test_ablations_print_the_poster_s_cells(request, shared, name):
    table = load_table(request.config.rootpath / "config" / "tables" / f"{name}.yaml")
    with (shared / "paper" / f"published_{name}.csv").open(encoding="utf-8") as file:
        expected = list(csv.DictReader(file))
    for row, printed in zip(published(table), expected, strict=True):
        for column, value in row.published.items():
            assert str(value) == printed[{"diving48": "diving48_v2"}.get(column, column)]


def test_the_ablations_share_their_runs(request):
    experiments = Experiments("ucf", request.config.rootpath / "config" / "tables")
    seeds = len(experiments.scale.seeds)
    counts = {
        name: len({run.id for cell in experiments.cells([name]) for run in cell.runs})
        for name in ("table1", "table3", "table4")
    }
    assert counts == {"table1": 7 * seeds, "table3": 3 * seeds, "table4": 5 * seeds}
    together = {run.id for cell in experiments.cells(counts) for run in cell.runs}
    # MoCo stands in all three, and so does FAME at its default.
    assert len(together) == (7 + 1 + 3) * seeds


def test_a_cell_needs_a_task_of_its_column_or_its_row(request):
    probes = load_table(request.config.rootpath / "config" / "tables" / "probes.yaml")
    columns = {key: column.model_dump() for key, column in probes.columns.items()}
    columns["r1_ucf101"]["task"] = None
    given = probes.model_dump() | {"columns": columns}
    with pytest.raises(
        ValueError, match=r"rows\.0 and column 'r1_ucf101' name no task: a measured"
    ):
        Table(**given)


def recipe(**changes):
    given = {"method": "pace", "backbone": "r2plus1d", "pretrain": "ucf101"}
    return Recipe.model_validate(given | {"options": {"protocol": "fame"}} | changes)


def test_a_scale_takes_the_options_of_its_protocol():
    both = recipe(own_options={"protocol": "own"})
    assert [both.options_in(name)["protocol"] for name in ("own", "fame")] == ["own", "fame"]
    assert recipe().options_in("own") == {"protocol": "fame"}


def test_own_options_and_rows_of_the_comparison_need_what_they_stand_beside():
    with pytest.raises(ValueError, match="own_options replace options: give both"):
        recipe(options={}, own_options={"protocol": "own"})
    with pytest.raises(ValueError, match="a row of the comparison needs a recipe"):
        Row.model_validate({"show": {}, "set": "comparison"})


def test_the_whole_table_leaves_no_row_out(tables):
    for name, table in tables.items():
        whole = table.whole()
        assert whole.name == f"{name}_all" and whole.columns == table.columns
        assert {row.set for row in whole.rows} == {"core"} < {row.set for row in table.rows}
        assert [row.show for row in whole.rows] == [row.show for row in table.rows]
