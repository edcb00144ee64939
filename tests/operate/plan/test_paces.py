"""Times measured elsewhere: used for jobs of exactly the same settings, and said to be so."""

import json
from functools import cache
from types import SimpleNamespace

import pytest
import yaml
from micro_world import MICRO, TABLES

from fame.config.reading import load_scale
from fame.config.tables import Recipe
from fame.core.errors import FameError
from fame.operate.plan.estimate import History, Measured
from fame.operate.plan.jobs import Job, task_of
from fame.operate.plan.needs import count
from fame.operate.plan.paces import NONE, Paces, completed, pace_of, shipped, written
from fame.operate.plan.plan import Survey, _elsewhere, _measured, rows_of
from fame.pipeline.experiments import Experiments
from fame.pipeline.runs import resolve

RECIPE = Recipe(method="moco", backbone="r2plus1d", pretrain="kinetics400", merge={"mask": "fame"})


def tasks(file=MICRO, seed=0):
    """A scale, and jobs of one run by rule; experiments without tables, which take a second."""
    scale = load_scale(str(file))
    run = resolve(scale, RECIPE, {}, seed)
    given = SimpleNamespace(scale=scale, run=lambda name: run)
    rules = ("features", "conditions", "linear", "finetune", "retrieval", "bias")
    jobs = [Job("world", None, f"ucf101-w{seed}", "", False)]
    jobs += [Job("pretrain", run.id, None, "", False)]
    jobs += [Job(rule, run.id, f"ucf101-w{seed}", "", False) for rule in rules]
    return scale, {job.rule: task_of(given, job) for job in jobs}


def micro_with(folder, **changes):
    """Micro with values at dotted paths (`__` for a dot) replaced."""
    settings = yaml.safe_load(MICRO.read_text())
    for path, value in changes.items():
        *sections, key = path.split("__")
        section = settings
        for part in sections:
            section = section[part]
        section[key] = value
    file = folder / f"{'-'.join(changes)}.yaml"
    file.write_text(yaml.safe_dump(settings))
    return file


def changed(folder, **changes):
    """The rules whose jobs get another pace by a change of the scale."""
    (scale, before), (other, after) = tasks(), tasks(micro_with(folder, **changes))
    return {rule for rule in before if pace_of(scale, before[rule]) != pace_of(other, after[rule])}


def test_seeds_and_names_share_a_pace_and_settings_that_cost_do_not(tmp_path):
    assert changed(tmp_path, name="another", seeds=[0, 1]) == set()
    encoded = {"features", "conditions", "linear", "finetune", "retrieval", "bias"}
    assert changed(tmp_path, evaluate__clips=3) == encoded
    assert changed(tmp_path, evaluate__linear__epochs=9) == {"linear", "bias"}
    assert changed(tmp_path, pretrain__batch=16) == {"pretrain"}
    everything = {"world", "pretrain", *encoded}
    assert changed(tmp_path, max_short_side=99) == everything
    assert changed(tmp_path, resources__threads=3) >= {"pretrain", "finetune", "features"}
    assert pace_of(*at(tasks(micro_with(tmp_path, seeds=[0, 1]), seed=1))) == pace_of(*at(tasks()))


def at(found):
    """The scale and its pretraining."""
    return found[0], found[1]["pretrain"]


def paces(scale, found, **seconds):
    measured = {pace_of(scale, found[rule]): Measured(2, s, 10) for rule, s in seconds.items()}
    return Paces("2 cores", "2026-11-28", measured)


def test_what_is_finished_here_wins_and_what_nobody_measured_stays_unknown():
    scale, found = tasks()
    given = paces(scale, found, features=5, linear=7)
    here = History({found["linear"].kind: Measured(1, 3, 10)}, ("cpu",))
    known = completed(here, found.values(), scale, given)
    assert known.seconds(found["linear"]) == 3
    assert known.seconds(found["features"]) == 5
    assert known.seconds(found["world"]) is None
    assert known.elsewhere == {found["features"].kind}
    assert _measured(known, given) == (
        "1 finished jobs on cpu; * from the paces shipped with the project, measured on 2 cores "
        "(2026-11-28)"
    )
    counts = cache(lambda data: count(scale, data, MICRO))
    survey = Survey(SimpleNamespace(scale=scale), counts, tuple(found.values()), MICRO, ())
    rows = rows_of(survey, known)
    assert {row.rule for row in rows if row.elsewhere} == {"features"}
    assert _elsewhere(rows) and not _elsewhere([row for row in rows if not row.elsewhere])
    assert _measured(completed(History({}, ()), found.values(), scale, NONE), NONE) == "nothing yet"


def test_a_file_of_paces_is_read_as_it_was_written(tmp_path):
    kind = ("pretrain", "moco", "r2plus1d", "ucf101")
    measured = {(kind, "0a"): Measured(3, 1.5, 900, None, 77)}
    given = Paces("2 cores", "2026-11-28", measured)
    file = tmp_path / "paces.json"
    file.write_text(written(given))
    assert shipped(file) == given
    assert shipped(tmp_path / "absent.json") == NONE
    file.write_text(json.dumps({"paces": [{}]}))
    with pytest.raises(FameError, match=r"paces\.json: not a file of paces .* restore it"):
        shipped(file)


def test_the_paces_that_ship_tell_the_hours_of_table_5_at_mini():
    """After a change of mini: run `make results/table5.csv` and `python -m benchmarks.paces`."""
    given = Experiments("mini", TABLES)
    known = shipped().measured
    for cell in given.cells(["table5"]):
        run, data = cell.runs[0], f"{cell.dataset}-w0"
        jobs = [Job(cell.task, run.id, data, "", False), Job("pretrain", run.id, None, "", False)]
        jobs += [Job(rule, None, data, "", False) for rule in ("world", "index")]
        jobs += [Job("features", run.id, data, "", False)] if cell.task == "linear" else []
        for task in (task_of(given, job) for job in jobs):
            assert pace_of(given.scale, task) in known, task.kind
