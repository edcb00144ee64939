"""Runs by recipe: seeds together, differences in words, no two alike."""

from dataclasses import replace

import pytest

from fame.report.page.variants import variants


@pytest.fixture(scope="module")
def given(mini_results):
    experiments, _ = mini_results
    return experiments, variants(experiments.runs.values(), experiments.scale)


def test_the_seeds_of_a_recipe_are_one_variant(given):
    experiments, found = given
    assert sorted(run.id for one in found for run in one.runs) == sorted(experiments.runs)
    assert {tuple(run.seed for run in one.runs) for one in found} == {(0, 1, 2)}


def test_the_ablations_differ_in_what_their_tables_vary(given):
    experiments, found = given
    names = {run.id: one for one in found for run in one.runs}
    for cell in experiments.cells(["table1"]):
        run = cell.runs[0]
        words = names[run.id].varies
        if run.merge is None:
            assert words == "no merging"
        else:
            assert f"beta {run.merge.beta}" in words
            assert f"merged views {run.merge.merged_views}" in words
            assert "mask fame" in words


def test_no_two_of_a_kind_are_alike(given):
    _, found = given
    assert len({(one.kind, one.varies) for one in found}) == len(found)


def test_recipes_that_words_do_not_tell_apart_have_a_digest(given):
    experiments, _ = given
    run = next(run for run in experiments.runs.values() if run.method == "random")
    other = replace(run, recipe=run.recipe | {"plugin": {}, "new": {}})
    found = variants([run, other], experiments.scale)
    assert len(found) == 2
    assert all(len(one.varies) == 8 for one in found)
    assert found[0].varies != found[1].varies
