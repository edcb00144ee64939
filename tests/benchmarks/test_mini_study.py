"""The mini study's plan, choices and tests, on numbers that were made up."""

import made_results
import pandas as pd
import pytest

from benchmarks import mini_study
from benchmarks.study import choice, pictures, plan, rows, values, verdicts
from fame.config.reading import read_yaml, scale_path
from fame.core.errors import FameError
from fame.pipeline.experiments import Experiments


@pytest.fixture(scope="module")
def study():
    return plan.load()


def measured(study, stage, names, arms, value):
    """Every number of a stage; `value(settings, arm, seed)` gives it."""
    chosen = study.stages[stage]
    rows = [
        {"stage": stage, "settings": name, "arm": arm, "seed": seed, "cell": cell}
        | {"value": value(name, arm, seed)}
        for name in names
        for arm in arms
        for seed in chosen.seeds
        for cell in chosen.cells
    ]
    return pd.DataFrame(rows, columns=values.COLUMNS)


@pytest.fixture
def searched(study):
    best = {"moco": "lower-rate", "be": "base", "fame": "longer"}

    def value(name, arm, seed):
        return 30 + 10 * (best[arm] == name) + 5 * (name == "queue") + seed % 2

    return measured(study, "search", study.candidates, choice.trained(study), value)


@pytest.fixture
def tuned(study, searched):
    found = measured(
        study, "finetuning", study.finetuning, study.arms, lambda name, arm, seed: len(name)
    )
    return pd.concat([searched, found])


def test_the_sealed_worlds_are_not_those_that_settings_are_chosen_on(study):
    chosen_on = {
        seed for name in ("world", "search", "finetuning") for seed in study.stages[name].seeds
    }
    sealed = {seed for name in ("final", "ablations") for seed in study.stages[name].seeds}
    assert not sealed & (chosen_on | {0, 1, 2})
    assert len(sealed) >= 8


def test_every_stage_is_a_scale_and_a_table_that_the_workflow_takes(study, tuned, tmp_path):
    for stage in plan.STAGES:
        batches = choice.batches(study, stage, tuned)
        for batch in batches:
            scale, tables = plan.prepare(study, stage, batch, tmp_path / stage / batch.name)
            given = Experiments(str(scale), tables)
            assert given.scale.seeds == study.stages[stage].seeds
            cells = list(given.cells(given.tables))
            assert len(cells) == len(batch.arms) * len(study.stages[stage].cells)


def test_a_finished_batch_is_not_touched_again(study, tmp_path):
    batch = choice.batches(study, "world", pd.DataFrame(columns=values.COLUMNS))[0]
    scale, _ = plan.prepare(study, "world", batch, tmp_path)
    before = scale.stat().st_mtime_ns
    plan.prepare(study, "world", batch, tmp_path)
    assert scale.stat().st_mtime_ns == before


def test_worlds_and_settings_are_in_the_scale(study):
    batch = plan.Batch("queue", {}, study.candidates["queue"])
    settings = plan.scale(study, "search", batch)
    assert settings["datasets"]["ucf101"]["world"]["scene_bias"] == 0.5
    assert settings["datasets"]["hmdb51"]["world"]["scene_bias"] == 0.25
    assert settings["pretrain"]["methods"]["moco"]["queue"]["kinetics400"] == 64


def test_mini_has_the_regime_that_the_study_chose(study):
    mini = read_yaml(scale_path("mini"))
    for path, value in {**study.common, **study.candidates["jitter"]}.items():
        place = mini
        for key in path.split("."):
            place = place[key]
        assert place == value, path


def test_filmed_clips_are_taken_as_the_example_has_them(study):
    (batch,) = choice.batches(study, "real", pd.DataFrame(columns=values.COLUMNS))
    settings = plan.scale(study, "real", batch)
    example = read_yaml(plan.ROOT / "config" / "examples" / "real_clips.yaml")
    assert set(settings["datasets"]) == {*example["datasets"], "weizmann"}
    assert settings["pretrain"] == example["pretrain"]
    assert settings["seeds"] == [0, 1, 2]


def test_folders_of_filmed_clips_must_exist(monkeypatch, tmp_path):
    monkeypatch.setenv("FAME_CLIPS", str(tmp_path / "nothing"))
    with pytest.raises(FameError, match=r"nothing; set FAME_CLIPS"):
        mini_study.clips()
    for name in ("clips/weizmann", "lists"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setenv("FAME_CLIPS", str(tmp_path / "clips"))
    monkeypatch.setenv("FAME_LISTS", str(tmp_path / "lists"))
    monkeypatch.delenv("OWN_VIDEOS", raising=False)
    assert mini_study.clips()["OWN_VIDEOS"] == str(tmp_path / "clips" / "weizmann")


def test_a_setting_that_no_scale_has_is_refused(study):
    with pytest.raises(FameError, match=r"optimiser\.rate"):
        plan.scale(study, "search", plan.Batch("x", {}, {"pretrain.optimiser.rate": 1}))


def test_each_arm_gets_its_own_best(study, searched):
    expected = {"moco": "lower-rate", "be": "base", "fame": "longer"}
    assert choice.pretraining(study, searched) == expected


def test_the_setting_for_mini_is_the_best_over_all_arms_and_takes_no_longer(study, searched):
    # Each of three arms' favourites gains 10 / 3 on average; the queue gains 5 for all.
    assert choice.shared(study, searched) == "queue"


def test_of_equal_settings_the_first_is_taken(study, searched):
    level = searched.assign(value=1.0)
    assert set(choice.pretraining(study, level).values()) == {"base"}


def test_no_choice_before_the_search_is_complete(study, searched):
    with pytest.raises(FameError, match=r"lacks .* run `python -m benchmarks.mini_study search`"):
        choice.pretraining(study, searched.iloc[:-1])


def test_arms_with_the_same_settings_share_a_batch(study, tuned):
    batches = {batch.name: set(batch.arms) for batch in choice.batches(study, "final", tuned)}
    # An untrained encoder goes with the first.
    assert batches == {"lower-rate": {"random", "moco"}, "base": {"be"}, "longer": {"fame"}}


def test_ablations_have_the_settings_of_fame(study, tuned):
    (batch,) = choice.batches(study, "ablations", tuned)
    assert batch.name == "longer"
    assert set(batch.arms) == set(study.ablations)
    longest = study.finetuning[max(study.finetuning, key=len)]
    assert batch.overrides == study.candidates["longer"] | longest


def final(study, value):
    found = measured(study, "final", ["x"], study.arms, value)
    extra = measured(study, "ablations", ["x"], study.ablations, lambda *_: 30.0)
    return pd.concat([found, extra])


def test_eight_seeds_that_agree_settle_the_primary_list(study):
    order = {"random": 0, "moco": 10, "be": 5, "fame": 20}
    found = verdicts.judge(
        final(study, lambda _, arm, seed: 30 + order[arm] + seed % 3), study.primary
    )
    assert set(found["verdict"]) == {"better"}
    assert found["corrected"].max() == pytest.approx(6 * 2 / 2**8)
    assert set(found["n"]) == {8}


def test_the_other_order_is_worse_and_a_mixed_one_is_not_resolved(study):
    pairs = study.primary[:1]
    found = final(study, lambda _, arm, seed: 30 - 10 * (arm == "fame"))
    assert list(verdicts.judge(found, pairs)["verdict"]) == ["worse"]
    found = final(study, lambda _, arm, seed: 30 + (arm == "fame") * (-1) ** seed)
    row = verdicts.judge(found, pairs).iloc[0]
    assert row["verdict"] == "not resolved"
    assert row["effect"] == 0


def test_what_is_not_measured_counts_in_the_correction_and_has_no_verdict(study):
    found = final(study, lambda _, arm, seed: 30 + 10 * (arm == "fame"))
    rows = verdicts.judge(found[found["arm"] != "be"], study.primary)
    assert list(rows["verdict"][-2:]) == ["not measured"] * 2
    assert rows["corrected"].min() == pytest.approx(6 * 2 / 2**8)


def test_the_secondary_list_holds_every_other_pair_once(study):
    pairs = [(p.better, p.worse, p.cell) for p in verdicts.secondary(study)]
    assert len(pairs) == len(set(pairs))
    assert not set(pairs) & {(p.better, p.worse, p.cell) for p in study.primary}
    # Six pairs of arms in eight cells, six of them primary; seven ablations in two cells.
    assert len(pairs) == 6 * 8 - 6 + 7 * 2


def test_filmed_clips_have_effects_and_no_verdict(study):
    pairs = verdicts.filmed(study)
    assert len(pairs) == 6 * 9
    cell = study.stages["real"].cells[0]
    sealed = measured(study, "final", [cell], study.arms, lambda *_: 99.0)
    filmed = measured(
        study, "real", [cell], study.arms, lambda _, arm, seed: 20 + (arm == "fame") * (seed % 5)
    )
    found = verdicts.effects(pd.concat([sealed, filmed]), pairs)
    row = found.query("better == 'fame' and worse == 'moco'").iloc[0]
    assert (row["n"], row["effect"]) == (3, 1.0)
    assert row["low"] < 1 < row["high"]
    assert set(found["verdict"]) == {"not asked"}


def test_numbers_are_read_from_results(study, tmp_path):
    batch = choice.batches(study, "search", pd.DataFrame(columns=values.COLUMNS))[0]
    folder = tmp_path / "search" / batch.name
    scale, tables = plan.prepare(study, "search", batch, folder)
    given = Experiments(str(scale), tables)
    made_results.write_results(given, folder / "results" / given.scale.name / "evaluate")
    found = values.collect(tmp_path)
    assert len(found) == 3 * 2 * 2
    assert set(found["cell"]) == set(study.stages["search"].cells)
    assert set(found["settings"]) == {batch.name}
    fame, moco = (found[found["arm"] == arm]["value"].mean() for arm in ("fame", "moco"))
    assert fame == moco + 10


def test_stages_that_ran_elsewhere_are_known_from_the_page(study, tmp_path):
    page = plan.ROOT / "docs" / "mini_study.csv"
    found = values.collect(tmp_path, page)
    assert choice.pretraining(study, found) == {
        "moco": "lower-rate",
        "be": "queue",
        "fame": "jitter",
    }
    assert choice.shared(study, found) == "jitter"
    (batch,) = choice.batches(study, "ablations", found)
    assert batch.name == "jitter"
    with pytest.raises(FameError, match=r"gone\.csv is not there"):
        values.collect(tmp_path, tmp_path / "gone.csv")
    with pytest.raises(FameError, match=r"mini_study_tests\.csv has other columns"):
        values.collect(tmp_path, page.with_name("mini_study_tests.csv"))


def test_a_page_gets_means_and_spreads_and_is_told_of_missing_seeds(study):
    found = measured(study, "real", ["x"], ["moco", "fame"], lambda _, arm, seed: 10.0 * seed)
    share = found[found["cell"] == "linear ucf101 top1"]
    share = share.assign(cell="bias ucf101 follows_background", value=share["value"] / 100)
    found = pd.concat([found.iloc[1:], share])
    text = rows.markdown(study, found, "real").splitlines()
    assert text[:2] == ["|  | MoCo | FAME |", "| --- | --- | --- |"]
    assert "| linear ucf101 top1 | 15.0 ± 7.1 (of 2) | 10.0 ± 10.0 |" in text
    assert text[-1] == "| bias ucf101 follows_background | 10.0 ± 10.0 | 10.0 ± 10.0 |"


def test_pictures_are_drawn(study, searched, tmp_path):
    pictures.search(study, searched, tmp_path / "search")
    sealed = final(study, lambda _, arm, seed: 30.0)
    pictures.outcome(study, sealed, "final", tmp_path / "final")
    pictures.ablations(study, sealed, tmp_path / "ablations")
    filmed = measured(study, "real", ["untuned"], study.arms, lambda _, arm, seed: 20.0)
    pictures.outcome(study, filmed, "real", tmp_path / "real")
    for name in ("search", "final", "ablations", "real"):
        assert (tmp_path / f"{name}.png").stat().st_size > 1000
        assert (tmp_path / f"{name}.pdf").stat().st_size > 1000
