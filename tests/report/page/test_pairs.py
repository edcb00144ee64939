"""FAME beside MoCo: the same task, data, metric and backbone, and never a variant."""

import pytest

from fame.report.page.pairs import is_fame, is_moco, metric_title, moco_beside, pairs, title
from fame.report.page.seeds import measured


@pytest.fixture(scope="module")
def given(mini_results):
    experiments, folder = mini_results
    return measured(experiments, folder), experiments.scale


def test_pairs_differ_in_merging_only(given):
    cells, scale = given
    found = pairs(cells, scale)
    assert {pair.fame.what for pair in found} >= {
        ("linear", "ucf101", "top1"),
        ("finetune", "hmdb51", "top1"),
        ("retrieval", "ucf101", "r1"),
    }
    for pair in found:
        assert pair.fame.what == pair.moco.what
        without = {"merge", "plugins"}
        fame, moco = (
            {key: value for key, value in one.run.recipe["pretrain"].items() if key not in without}
            for one in (pair.fame, pair.moco)
        )
        assert fame == moco
        assert pair.gap.values == {0: 10.0, 1: 10.0, 2: 10.0}
    assert len({(pair.fame.what, pair.fame.run.id) for pair in found}) == len(found)


def test_a_variant_of_an_ablation_is_not_fame(given):
    cells, scale = given
    merges = {one.run.merge for one in cells.values() if is_fame(one.run, scale)}
    (merge,) = merges
    assert (merge.mask, merge.beta) == ("fame", scale.pretrain.merge.beta)
    others = [one for one in cells.values() if one.run.merge and not is_fame(one.run, scale)]
    assert {one.run.merge.beta for one in others} > {0.3}


def test_moco_is_compared_with_nothing_and_the_untrained_with_its_backbones(given):
    cells, _ = given
    every = list(cells.values())
    for one in every:
        moco = moco_beside(one, every)
        if is_moco(one.run):
            assert moco is None
        elif one.run.method == "random" and one.place.table == "table5":
            assert is_moco(moco.run)
            assert moco.run.backbone == one.run.backbone


def test_names_in_words(given):
    cells, scale = given
    names = {title(one, scale) for one in cells.values()}
    assert "linear probe, mini UCF101 (generated), R(2+1)D, 8 wide" in names
    assert "retrieval, mini UCF101 (generated), R@5, R(2+1)D, 8 wide" in names
    assert metric_title("background_reliance") == "background_reliance"
