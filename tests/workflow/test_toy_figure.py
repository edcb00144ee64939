"""A figure is one file: the workflow makes it, the page shows it, commands take its name."""

import os
import shutil
import subprocess
import sys

import pytest
from micro_world import ROOT

HERE = ROOT / "tests"
MICRO = HERE / "workflow" / "micro.yaml"

TOY = """
from fame.evaluate.masks.pictures import read_masked
from fame.pipeline.figures import Figure
from fame.report.style import save, style

FIGURE = Figure(
    title="A toy",
    caption="The titles of the clips of Figure 4, counted.",
    alt="A single number in the middle of a picture that is otherwise empty.",
    needs="masked clips",
    columns={"clips": "Clips"},
)


def make(experiments, files, out):
    import matplotlib.pyplot as plt

    ((file, *_), *_) = files.values()
    examples, _ = read_masked(file)
    with style():
        drawn = plt.figure(figsize=(2, 2))
        drawn.text(0.5, 0.5, str(len(examples)))
        save(drawn, out)
    out.with_suffix(".csv").write_text(f"clips\\n{len(examples)}\\n")
"""

PAGE = """
import sys
from pathlib import Path

from made_results import make, publish_page

print(publish_page(*make(Path(sys.argv[1]), Path(sys.argv[2]))))
"""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    """Runs Python on a copy of the project that holds one file more; what it printed."""
    copy = tmp_path_factory.mktemp("copy")
    for name in ("fame", "workflow", "config", "profiles"):
        shutil.copytree(ROOT / name, copy / name)
    for name in ("Snakefile", "environment.yml"):
        shutil.copy(ROOT / name, copy)
    (copy / "fame" / "report" / "figures" / "toy.py").write_text(TOY)

    def python(*arguments):
        path = os.pathsep.join([str(copy), str(HERE)])
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return python


def test_the_workflow_makes_it_by_its_short_name(call, tmp_path):
    call("-m", "fame", "run", "toy", "--scale", MICRO, "--directory", tmp_path, "--cores", 2)
    assert (tmp_path / "results" / "toy.csv").read_text() == "clips\n4\n"
    assert {path.name for path in (tmp_path / "results" / "micro" / "figures").iterdir()} == {
        *("toy.png", "toy.pdf", "toy.csv", "toy.log")
    }


def test_it_is_one_of_all(call, tmp_path):
    said = call("-m", "fame", "run", "all", "-n", "--scale", MICRO, "--directory", tmp_path)
    assert "results/toy.png" in said


def test_the_page_shows_it(call, tmp_path):
    said = call("-c", PAGE, ROOT, tmp_path)
    page = (tmp_path / said.strip().splitlines()[-1]).read_text()
    assert "The titles of the clips of Figure 4, counted." in page
    assert 'id="toy"' in page
