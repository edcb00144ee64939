"""The micro scale and its mini worlds on disk, for tests that really train."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import yaml

from fame.config.reading import load_scale
from fame.data.index import index
from fame.data.manifest import Manifest
from fame.data.synthetic import write_world
from fame.pipeline.experiments import Experiments

ROOT = Path(__file__).resolve().parents[1]
MICRO = ROOT / "tests" / "workflow" / "micro.yaml"
TABLES = ROOT / "config" / "tables"


@dataclass(frozen=True)
class Micro:
    """A folder with the manifests `<dataset>-w0/manifest.parquet` of micro worlds."""

    place: Path

    def manifest(self, dataset="kinetics400"):
        return self.place / f"{dataset}-w0" / "manifest.parquet"

    def videos(self, dataset="kinetics400"):
        return Manifest.read(self.manifest(dataset))

    def scale(self, name, changes=None):
        """A scale file in the folder: micro's, with values replaced at dotted paths.

        Tests that use one name for two contents get two files.
        """
        settings = yaml.safe_load(MICRO.read_text())
        for path, value in (changes or {}).items():
            *sections, key = path.split(".")
            section = settings
            for part in sections:
                section = section[part]
            assert key in section, path
            section[key] = value
        text = yaml.safe_dump(settings)
        file = self.place / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.yaml"
        file.write_text(text)
        return file


def make(place):
    """Generate and index both worlds."""
    scale = load_scale(str(MICRO))
    for dataset in ("kinetics400", "ucf101"):
        world = place / f"{dataset}-w0"
        write_world(scale.datasets[dataset].world, 0, world)
        manifest = index(
            dataset, root=world / "videos", annotations=world / "annotations", name=dataset
        )
        manifest.write(world / "manifest.parquet")
    return Micro(place)


def choose(scale, start, tables=TABLES):
    """The loaded scale, and its R(2+1)D run whose id starts so."""
    experiments = Experiments(str(scale), tables)
    runs = (run for run in experiments.runs.values() if run.backbone == "r2plus1d")
    (run,) = (run for run in runs if run.id.startswith(start))
    return experiments.scale, run
