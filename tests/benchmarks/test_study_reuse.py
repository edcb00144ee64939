"""A batch takes over what an equal one has made, and nothing else."""

import pytest
import yaml

from benchmarks.study import reuse

SCALE = {
    "name": "s",
    "seeds": [1],
    "fit": None,
    "datasets": {"ucf101": 1},
    "backbones": {},
    "pretrain": {"lr": 0.1},
    "evaluate": {"epochs": 8},
}


def batch(stage, name, finished=True, **changes):
    folder = stage / name
    folder.mkdir()
    (folder / "scale.yaml").write_text(yaml.safe_dump({**SCALE, **changes}))
    if finished:
        for product in ("data/ucf101-w1/world/a.avi", "pretrain/moco/encoder.safetensors"):
            file = folder / "results" / "s" / product
            file.parent.mkdir(parents=True)
            file.write_text(name)
        (folder / "results" / "table1.csv").write_text("")
    return folder


def made(folder):
    """The products that a folder has."""
    found = (folder / "results" / "s").rglob("*")
    return {str(file.relative_to(folder / "results" / "s")) for file in found if file.is_file()}


def test_other_finetuning_takes_worlds_and_encoders_with_their_times(tmp_path):
    first = batch(tmp_path, "a")
    second = batch(tmp_path, "b", finished=False, evaluate={"epochs": 16})
    reuse.take_over(second)
    assert made(second) == made(first)
    for name in made(first):
        one, other = (folder / "results" / "s" / name for folder in (first, second))
        assert one.samefile(other)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"pretrain": {"lr": 0.2}}, {"data/ucf101-w1/world/a.avi"}),
        ({"datasets": {"ucf101": 2}}, set()),
        ({"seeds": [2]}, set()),
    ],
)
def test_what_depends_on_other_settings_is_left(tmp_path, changes, expected):
    batch(tmp_path, "a")
    second = batch(tmp_path, "b", finished=False, **changes)
    reuse.take_over(second)
    assert made(second) == expected


def test_what_a_batch_has_already_stays_and_an_unfinished_one_gives_nothing(tmp_path):
    first = batch(tmp_path, "a")
    second = batch(tmp_path, "b")
    reuse.take_over(second)
    for folder in (first, second):
        file = folder / "results" / "s" / "pretrain" / "moco" / "encoder.safetensors"
        assert file.read_text() == folder.name
    (first / "results" / "table1.csv").unlink()
    (second / "results" / "table1.csv").unlink()
    third = batch(tmp_path, "c", finished=False)
    reuse.take_over(third)
    assert made(third) == set()
