"""Accuracy against background reliance: a dot a method and seed."""

import json

import pandas as pd
import pytest
from made_results import experiments
from micro_world import ROOT

from fame.core.errors import FameError
from fame.evaluate.results import write_result
from fame.pipeline.figures import sources
from fame.report.figures.reliance import draw, make, table
from fame.report.style import PALETTE, style


def write(path, run, task="bias", score=0.4):
    """A made-up result: 30 + 2 * seed percent; None for an undefined score."""
    dataset = path.parent.name.split("-")[0]
    scores = {"background_reliance": score, "motion_reliance": score}
    because = None if score is not None else "the original is not above chance"
    write_result(
        path,
        task=task,
        run=run.id,
        data=path.parent.name,
        dataset=dataset,
        seed=run.seed,
        metrics={"original": 30.0 + 2 * run.seed},
        details={"scores": scores, "chance": 12.5, "undefined_because": because},
    )


@pytest.fixture
def files(tmp_path):
    """Results of the mini scale; VCP's last is undefined."""
    given = experiments("mini", ROOT)
    found = sources(given, "reliance")
    for paths in found.values():
        for path in paths:
            run = given.run(path.parts[-3])
            undefined = run.method == "vcp" and run.seed == 2
            write(tmp_path / path, run, score=None if undefined else 0.4)
    return {title: [tmp_path / path for path in paths] for title, paths in found.items()}


def test_there_is_a_row_for_each_method_dataset_and_seed(files):
    frame = table(files)
    assert len(frame) == 26 * 2 * 3
    assert set(frame.groupby(["method", "dataset"])["seed"].agg(tuple)) == {(0, 1, 2)}
    assert set(frame["accuracy"]) == {30, 32, 34}
    undefined = frame[frame["background_reliance"].isna()]
    assert {method.split(",")[0] for method in undefined["method"]} == {"VCP"}
    assert list(undefined["undefined_because"]) == ["the original is not above chance"] * 2


def test_each_seed_is_a_dot_and_undefined_ones_are_counted(files):
    frame = table(files)
    with style():
        figure = draw(frame, experiments("mini", ROOT).scale)
    ours = {line.get_label(): line for line in figure.axes[0].lines if line.get_label()[0] != "_"}
    assert list(ours) == list(dict.fromkeys(frame["method"]))
    looks = {(line.get_color(), line.get_marker()) for line in ours.values()}
    assert len(looks) == len(ours)
    colours = {name.split(",")[0]: line.get_color() for name, line in ours.items()}
    assert colours["FAME"] == PALETTE["fame"] and colours["MoCo (no FAME)"] == PALETTE["moco"]
    dots = {len(line.get_xdata()) for line in figure.axes[0].lines[:-1]}
    assert dots == {1, 2, 3}  # means, VCP's seeds, the others' seeds
    assert "2 of 156 dots are left out" in figure.get_supxlabel().replace("\n", " ")
    figure.clear()


def test_the_files_are_made_from_the_declared_sources(files, tmp_path):
    given = experiments("mini", ROOT)
    make(given, files, tmp_path / "reliance.png")
    assert (tmp_path / "reliance.pdf").stat().st_size > 1000
    assert len(pd.read_csv(tmp_path / "reliance.csv")) == 156


def test_a_result_of_another_task_is_refused(files, tmp_path):
    path = next(iter(files.values()))[0]
    content = json.loads(path.read_text()) | {"task": "linear"}
    path.write_text(json.dumps(content))
    with pytest.raises(FameError, match="of the task 'linear', not of bias probes"):
        table(files)
