"""A profile measured at micro scale knows every piece and gives every job's seconds."""

from functools import cache, partial

import pytest
from micro_world import MICRO, TABLES, choose

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.operate.plan import measure as module
from fame.operate.plan.counts import count
from fame.operate.plan.history import History
from fame.operate.plan.hours import Rates
from fame.operate.plan.jobs import Job
from fame.operate.plan.measure import measure
from fame.operate.plan.pace import read_pace
from fame.operate.plan.sample import FRAMES, stand_in
from fame.operate.plan.work import Works
from fame.pipeline.experiments import Experiments


def tasks_of(root, rules, scale=MICRO):
    experiments = Experiments(str(scale), TABLES)
    run = choose(scale, "moco-fame")[1].id
    counts = cache(partial(count, experiments.scale, root=root))
    works = Works(experiments, counts)
    jobs = [
        Job(rule, run, None if rule == "pretrain" else "ucf101-w0", "", False) for rule in rules
    ]
    return experiments.scale, [works.task(job) for job in jobs], counts


def test_what_is_measured_is_what_a_plan_needs(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_start", lambda: 2.0)
    rules = ("pretrain", "features", "finetune", "linear", "retrieval")
    scale, tasks, counts = tasks_of(tmp_path / "micro", rules)
    said: list[str] = []
    measure(scale, tasks, counts, tmp_path / "micro", said.append).write(tmp_path / "pace.json")
    pace = read_pace(tmp_path / "pace.json", scale)
    assert len(said) == len(pace.entries) == 6
    known = Rates(scale, pace, History({}, ()))
    seconds = [known.seconds(task) for task in tasks]
    assert all(second is not None and second > 2 for second in seconds)
    trained = pace.entries["pretrain moco fame r2plus1d kinetics400"]
    assert trained.clips == 2 and trained.read > 0 and trained.compute > 0
    assert trained.checkpoint > trained.encoder > 1000
    assert trained.device_mib is None
    other = scale.model_copy(update={"max_short_side": 20})
    _, changed, _ = tasks_of(tmp_path / "micro", rules)
    works = Works(Experiments(str(MICRO), TABLES), counts)
    works._scale = other
    assert known.seconds(works.task(changed[0].job)) is None


def test_a_scale_for_gpus_is_not_measured_without(tmp_path, monkeypatch):
    monkeypatch.setattr(module.torch.cuda, "is_available", lambda: False)
    with pytest.raises(FameError, match=r"scale paper runs on GPUs.*--measure"):
        measure(load_scale("paper"), [], lambda _: None, tmp_path, print)


def test_stand_ins_are_one_film_under_many_names(tmp_path):
    found = stand_in("ucf101", tmp_path, (3, 2))
    assert found.world is None
    assert [len(found.part(split, 9)) for split in ("train", "test")] == [3, 2]
    assert found.part("train", 2).classes == ["one", "two"]
    from fame.data.video.decode import probe

    info = probe(tmp_path / "film.mp4")
    assert (info.frames, info.width, info.height) == (FRAMES, 256, 256)
