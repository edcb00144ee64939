"""The search for the compared methods' rates: what it trains, and what it makes of the results."""

import importlib.util
import json

import pandas as pd
import pytest
import yaml
from micro_world import ROOT

from fame.config.reading import load_scale
from fame.core.files import write_json
from fame.evaluate.results import write_result
from fame.pipeline.experiments import Experiments
from fame.pipeline.paths import Places
from fame.pipeline.runs import data_id, resolve

FILE = ROOT / "studies" / "2026-11-rates" / "choose.py"
SEARCHED_ALREADY = {"moco", "be", "random"}


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("choose_rates", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def candidates(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    study.write(folder)
    return folder


def test_a_candidate_is_mini_in_everything_but_seeds_and_rates(study, candidates):
    for rate in study.RATES:
        expected = load_scale("mini").model_dump() | {"seeds": (90, 91)}
        expected["pretrain"]["rates"] = {}
        expected["pretrain"]["optimiser"]["lr"] = rate
        assert load_scale(str(candidates / f"rate{rate:g}.yaml")).model_dump() == expected


def test_every_compared_method_is_trained_once_a_seed(study, candidates):
    given = Experiments(str(candidates / "rate0.15.yaml"), candidates / "tables")
    whole = Experiments("mini", ROOT / "config" / "tables")
    compared = {run.method for run in whole.comparison_runs.values()} - SEARCHED_ALREADY
    assert sorted(run.method for run in given.runs.values()) == sorted([*compared, *compared])
    assert {(run.method, run.backbone) for run in given.runs.values()} >= {
        ("rspnet", "r2plus1d_10"),
        ("temptrans", "r2plus1d"),
    }
    assert {cell.task for cell in given.cells(["rates"])} == {"linear"}


def test_a_candidates_runs_are_those_of_mini_with_the_chosen_rates(study, candidates):
    given = Experiments(str(candidates / "rate0.15.yaml"), candidates / "tables")
    mini = load_scale("mini")
    rates = dict.fromkeys(study.recipes(), 0.15)
    pretrain = mini.pretrain.model_copy(update={"rates": rates})
    chosen = mini.model_copy(update={"pretrain": pretrain})
    assert set(given.runs) == {
        resolve(chosen, recipe, {}, seed).id
        for recipe in study.recipes().values()
        for seed in (90, 91)
    }


def done(study, rate, seed, probe, learnt=True, **changes):
    values = {"outcome": "done", "ucf101": probe - 2, "diving48": probe + 2, "learnt": learnt}
    return study.Training("pace", rate, seed, "pace-run", **(values | changes))


def trained(study, probes, learnt=(True, True, True)):
    """Six trainings whose probes average so at each rate."""
    return [
        done(study, rate, seed, probe + (seed - 90.5), each)
        for rate, probe, each in zip(study.RATES, probes, learnt, strict=True)
        for seed in (90, 91)
    ]


@pytest.mark.parametrize(
    ("probes", "learnt", "rate"),
    [
        ((40, 30, 20), (True, True, True), 0.05),
        ((20, 30, 25), (True, True, True), 0.15),
        ((40, 39.5, 39.1), (True, True, True), 0.5),  # ties go to the larger rate
        ((40, 39.5, 39.0), (True, True, True), 0.15),  # a whole point is no tie
        ((20, 30, 60), (True, True, False), 0.15),  # what is not learnt with is left out
        ((20, 30, 29.5), (False, False, False), 0.5),
    ],
)
def test_the_rule(study, probes, learnt, rate):
    found = study.chosen(trained(study, probes, learnt))
    assert found.rate == rate
    assert found.means == pytest.approx(dict(zip(study.RATES, probes, strict=True)))
    assert ("has not learnt" in found.note) == (not any(learnt))


def test_one_seed_that_has_not_learnt_or_diverges_puts_a_rate_out(study):
    rows = trained(study, (20, 30, 60))
    half = [*rows[:-1], done(study, 0.5, 91, 60, learnt=False)]
    assert study.chosen(half).rate == 0.15
    diverged = study.Training("pace", 0.5, 91, "pace-run", "diverged")
    found = study.chosen([*rows[:-1], diverged])
    assert found.rate == 0.15 and 0.5 not in found.means
    every = [study.Training("pace", one.rate, one.seed, "r", "diverged") for one in rows]
    assert study.chosen(every) == study.Choice(None, {}, "diverges with every rate")


def test_there_is_no_choice_before_all_is_there(study):
    rows = trained(study, (20, 30, 60))
    rows[0] = study.Training("pace", 0.05, 90, "pace-run", "pretraining has not run")
    found = study.chosen(rows)
    assert found.rate is None and found.note == "1 of 6 trainings are missing"


def test_the_block_is_a_section_of_a_scale(study):
    choices = {
        "pace": study.Choice(0.05, {0.05: 40.04, 0.5: 12.5}),
        "dsm": study.Choice(0.5, {0.5: 70.0}),
        "vcop": study.Choice(None, {}, "diverges with every rate"),
    }
    text = study.block(choices, 0.5)
    assert yaml.safe_load(text) == {"rates": {"pace": 0.05}}
    assert "pace: 0.05  # 0.05: 40.0 %, 0.5: 12.5 %" in text
    assert "# dsm: 0.5  # 0.5: 70.0 %" in text
    assert "# vcop: no choice; diverges with every rate" in text
    assert yaml.safe_load(study.block({"dsm": choices["dsm"]}, 0.5)) == {"rates": {}}


def logged(folder, accuracies, chance=0.25, **more):
    """A training of ten records of ten steps each."""
    folder.mkdir(parents=True)
    rows = [{"step": 10 * (n + 1), "accuracy": one, **more} for n, one in enumerate(accuracies)]
    rows.append({"step": 100, "knn": 30.0})
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_json(folder / "card.json", {"chance": chance})


@pytest.mark.parametrize(("accuracy", "learnt"), [(0.475, False), (0.485, True)])
def test_above_chance_is_three_deviations_of_the_last_tenth(study, tmp_path, accuracy, learnt):
    # One batch of 32: 0.25 + 3 * sqrt(0.25 * 0.75 / 32) = 0.4796.
    logged(tmp_path / "run", [1.0] * 9 + [accuracy])
    found = study.learning(tmp_path / "run", 32)
    assert found == {"accuracy": accuracy, "chance": 0.25, "learnt": learnt}


def test_a_contrast_may_be_learnt_instead(study, tmp_path):
    logged(tmp_path / "run", [0.5] * 10, chance=0.5, contrast=0.2)
    found = study.learning(tmp_path / "run", 32)
    assert (found["accuracy"], found["contrast"], found["learnt"]) == (0.5, 0.2, True)


def test_a_folder_of_results_is_judged(study, tmp_path, capsys):
    study.write(tmp_path)
    for number, rate in enumerate(study.RATES):
        given = Experiments(str(tmp_path / f"rate{rate:g}.yaml"), tmp_path / "tables")
        places = Places.of(given.scale, tmp_path / f"rate{rate:g}" / "results")
        for run in given.runs.values():
            if run.method == "pace" and rate == 0.5:
                log = places.run(run.id) / "pretrain.log"
                log.parent.mkdir(parents=True)
                log.write_text(f"fame: {run.id}: the loss is nan at step 7, at the rate 0.3\n")
            elif run.method == "pace":
                logged(places.run(run.id), [0.9] * 10)
                for dataset in study.COLUMNS:
                    data = data_id(given.scale, dataset, run.seed)
                    write_result(
                        places.evaluation(run.id, data) / "linear.json",
                        task="linear",
                        run=run.id,
                        data=data,
                        dataset=dataset,
                        seed=run.seed,
                        metrics={"top1": 50.0 - 10 * number},
                        details={},
                    )
    for data in ("kinetics400-w90", "kinetics400-w91"):
        for file in (places.world(data) / "made.json", places.manifest(data)):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    study.judge(tmp_path)
    said = capsys.readouterr().out
    assert "\n  pace: 0.05  # 0.05: 50.0 %, 0.15: 40.0 %" in said
    assert "# dsm: no choice; 6 of 6 trainings are missing" in said
    assert yaml.safe_load(said) == {"rates": {"pace": 0.05}}
    frame = pd.read_csv(tmp_path / "rates.csv")
    assert len(frame) == 3 * 2 * len(study.recipes())
    pace = frame[frame["method"] == "pace"]
    assert pace["outcome"].tolist() == ["done"] * 4 + ["diverged"] * 2
    assert pace["ucf101"].tolist()[:4] == [50, 50, 40, 40] and pace["ucf101"].isna().sum() == 2
    assert pace["chance"].dropna().tolist() == [0.25] * 4
