"""The scale for real clips on one GPU: the rows it fills, its length, what it asks for."""

import pytest
from micro_world import TABLES

from fame.config.reading import load_scale
from fame.config.tables import COMPARISON
from fame.core.errors import FameError
from fame.operate.plan.needs import count
from fame.pipeline.experiments import LEFT_OUT, Experiments, measurable

CLIPS = {"kinetics400": 1182, "ucf101": 563}
"""Training videos in the project's small clips, as the official lists divide them."""


@pytest.fixture(scope="module")
def clips():
    return Experiments("clips", TABLES)


@pytest.mark.parametrize("name", ["table1", "table3", "table4", "table5", "table6"])
def test_it_measures_every_row_that_has_a_recipe(clips, name):
    table = clips.table(name)
    for row in table.rows:
        said = {measurable(clips.scale, row, column) for column in table.columns.values()}
        quoted = None if row.recipe else "quoted only"
        why = LEFT_OUT if row.set == COMPARISON else quoted
        assert said == {why}, row.show


def test_every_network_of_the_comparison_is_there(clips):
    recipes = [row.recipe for table in clips.every_table.values() for row in table.rows]
    assert {recipe.backbone for recipe in recipes if recipe} <= set(clips.scale.backbones)


def test_what_needs_diving48_is_left_out_and_says_so(clips):
    why = "dataset diving48 is not part of scale clips"
    rows = [row for row in clips.table("table2").rows if row.recipe]
    (column,) = clips.table("table2").columns.values()
    assert {measurable(clips.scale, row, column) for row in rows} == {why}
    columns = {cell.column for cell in clips.cells(["probes"])}
    assert columns == {
        "linear_ucf101",
        "r1_ucf101",
        "knn_ucf101",
        "finetune_ucf101",
        "reliance_ucf101",
    }


def test_both_pretraining_sets_are_trained_on_for_equally_many_steps():
    pretrain = load_scale("clips").pretrain
    assert min(pretrain.epochs.values()) >= 150
    steps = {name: n // pretrain.batch * pretrain.epochs[name] for name, n in CLIPS.items()}
    assert steps == {"kinetics400": 1350, "ucf101": 1360}


def test_the_stated_cost_follows_from_the_measured_rate(root):
    text = (root / "config" / "scales" / "clips.yaml").read_text(encoding="utf-8")
    seconds = 95 / 46 * load_scale("clips").pretrain.epochs["kinetics400"]
    assert f"take {round(seconds, -1):.0f} s an encoder" in text


def test_the_bias_probes_compare_three_encoders_of_two_seeds_on_both_datasets(clips):
    assert clips.bias_datasets() == ["ucf101", "hmdb51"]
    assert [(arm.name, len(arm.runs)) for arm in clips.arms("bias")] == [
        ("random", 2),
        ("moco", 2),
        ("fame", 2),
    ]


def test_one_sentence_names_the_variables_that_are_not_set(clips, monkeypatch, tmp_path):
    monkeypatch.delenv("FAME_CLIPS", raising=False)
    monkeypatch.delenv("FAME_LISTS", raising=False)
    both = "the environment variables FAME_CLIPS and FAME_LISTS are not set; set them$"
    with pytest.raises(FameError, match=both):
        count(clips.scale, "kinetics400", tmp_path)
    assert count(clips.scale, "ucf101", tmp_path).missing.endswith(both[:-1])
    monkeypatch.setenv("FAME_CLIPS", str(tmp_path))
    with pytest.raises(FameError, match=r"variable FAME_LISTS is not set; set it$"):
        count(clips.scale, "kinetics400", tmp_path)


def test_it_plans_the_clips_at_hand(clips, small_clips, shared, monkeypatch, tmp_path):
    monkeypatch.setenv("FAME_CLIPS", str(small_clips))
    monkeypatch.setenv("FAME_LISTS", str(shared / "annotations"))
    for name, number in CLIPS.items():
        found = count(clips.scale, name, tmp_path)
        assert (found.source, found.splits["train"]) == ("listed", number)
