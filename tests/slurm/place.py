"""A folder in which a small table and slow trainings are made, as a user makes them."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cluster
import yaml

from fame.pipeline.experiments import Experiments

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BACKBONE = {"backbone": "r2plus1d"}
FAME = {"method": "moco", **BACKBONE, "pretrain": "kinetics400", "merge": {"mask": "fame"}}
SLOW = FAME | {"method": str(HERE / "slow.py")}
TASKS = {
    "table1": [
        ("linear", {"method": "random", **BACKBONE}),
        ("linear", FAME),
        ("finetune", FAME),
    ],
    # Recipes that differ, so that they are runs of their own.
    "table2": [
        ("linear", SLOW | {"merge": {"mask": "fame", "beta": beta}}) for beta in (0.3, 0.5, 0.7)
    ],
}
QUICKLY = ["--slurm-init-seconds-before-status-checks", "3", "--latency-wait", "5"]


@dataclass(frozen=True)
class Place:
    """A folder in which things are made."""

    path: Path

    def scale(self, name, **resources):
        """A scale file: micro's, with what a job may use."""
        settings = yaml.safe_load((ROOT / "tests" / "workflow" / "micro.yaml").read_text())
        del settings["datasets"]["hmdb51"]
        settings["pretrain"]["epochs"] = dict.fromkeys(settings["pretrain"]["epochs"], 10)
        settings["pretrain"]["monitor"]["every_epochs"] = 10
        settings["resources"] |= {"checkpoint_minutes": 0.01, **resources}
        file = self.path / f"{name}.yaml"
        file.write_text(yaml.safe_dump(settings))
        return file

    @property
    def tables(self):
        """The folder of table files."""
        folder = self.path / "tables"
        folder.mkdir(exist_ok=True)
        for name, rows in TASKS.items():
            table = {
                "name": name,
                "title": name,
                "source": "a test",
                "show": {"method": "Method"},
                "columns": {"ucf101": {"title": "UCF101", "dataset": "ucf101", "metric": "top1"}},
                "rows": [
                    {"show": {"method": f"{number}"}, "published": {}, "task": task, "recipe": one}
                    for number, (task, one) in enumerate(rows)
                ],
            }
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(table))
        return folder

    def slow_runs(self, scale):
        """The ids of the three slow trainings."""
        runs = Experiments(str(scale), self.tables).runs
        return [name for name in runs if name.startswith("slow-")]

    def result(self, name):
        return self.path / "results" / name

    def start(self, scale, *arguments, pause=0, log="log"):
        """Start the workflow as a user would; its output goes to a file."""
        command = [sys.executable, "-m", "fame", "run", "--snakefile", ROOT / "Snakefile"]
        command += ["--directory", self.path, *arguments]
        command += ["--config", f"scale={scale}", f"tables={self.tables}"]
        variables = {"FAME_DEVICE": "cpu", "OMP_NUM_THREADS": "1", "FAME_TEST_PAUSE": str(pause)}
        with (self.path / log).open("wb") as file:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | variables,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def make(self, scale, *arguments):
        """Run Snakemake to its end; returns what it printed."""
        process = self.start(scale, *arguments)
        try:
            status = process.wait()
        finally:
            process.kill()
        text = (self.path / "log").read_text()
        assert status == 0, text
        return text


def encoder(run):
    return f"results/micro/pretrain/{run}/encoder.safetensors"


@dataclass(frozen=True)
class Made:
    """A table made through Slurm: the folder, what Snakemake printed, Slurm's jobs."""

    place: Place
    text: str
    jobs: list[cluster.Job]
