"""A package on pip adds a method, a mask, a backbone and a dataset: installed, named, run."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import yaml
from micro_world import MICRO, ROOT

TOYS = ROOT / "tests" / "workflow" / "toys"
OFFERED = {
    "fame.pretext": "brightness",
    "fame.augment.masks": "left",
    "fame.models.backbones": "thin",
    "fame.data.datasets": "gestures",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder into which pip installed the package `tiny-fame`, made of the toys."""
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "tiny_fame").mkdir()
    (source / "tiny_fame" / "__init__.py").touch()
    lines = ["[project]", 'name = "tiny-fame"', 'version = "1.0"', "[tool.setuptools]"]
    lines += ['packages = ["tiny_fame"]']
    for group, name in OFFERED.items():
        shutil.copy(TOYS / f"{name}.py", source / "tiny_fame")
        lines += [f'[project.entry-points."{group}"]', f'{name} = "tiny_fame.{name}"']
    (source / "pyproject.toml").write_text("\n".join(lines))
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--target", str(site), str(source)]
    subprocess.run(command, check=True)
    return site


@pytest.fixture(scope="module")
def made(site, tmp_path_factory):
    """`results/micro` after a run of a table of the package's choices."""
    place = tmp_path_factory.mktemp("place")
    scale = yaml.safe_load(MICRO.read_text())
    thin = scale["backbones"]["r2plus1d"] | {"title": "Thin"}
    scale["backbones"]["thin"] = thin | {"encoder": {"arch": "thin", "channels": 4}}
    scale["datasets"]["kinetics400"]["world"] |= {"layout": "gestures", "val": 0}
    (place / "micro.yaml").write_text(yaml.safe_dump(scale))
    recipe = {"method": "brightness", "backbone": "thin", "pretrain": "kinetics400"}
    row = {"show": {"a": "b"}, "task": "linear", "recipe": recipe | {"merge": {"mask": "left"}}}
    columns = {"ucf101": {"title": "UCF101", "dataset": "ucf101", "metric": "top1"}}
    table = {"name": "tiny", "title": "T", "source": "S", "show": {"a": "A"}}
    (place / "tables").mkdir()
    (place / "tables" / "tiny.yaml").write_text(
        yaml.safe_dump(table | {"columns": columns, "rows": [row]})
    )
    words = ["run", "results/tiny.csv", "--scale", place / "micro.yaml"]
    words += ["--tables", place / "tables", "--directory", place, "--cores", 1]
    done = subprocess.run(
        [sys.executable, "-m", "fame", *map(str, words)],
        env=os.environ | {"PYTHONPATH": f"{site}{os.pathsep}{ROOT}"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return place / "results" / "micro"


def test_a_run_of_an_installed_package_names_its_version(made):
    (card,) = made.glob("pretrain/brightness-left-thin-kinetics400-s0-*/card.json")
    recipe = json.loads(card.read_text())["recipe"]
    named = [
        recipe["plugin"]["brightness"],
        recipe["backbone"]["plugin"]["thin"],
        recipe["pretrain"]["plugins"]["left"],
        recipe["pretrain"]["data"]["plugin"]["gestures"],
    ]
    assert all(word.startswith("tiny-fame 1.0 ") for word in named)
    assert (made / "data" / "kinetics400-w0" / "world" / "annotations" / "train.json").is_file()
