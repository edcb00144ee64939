"""The micro scale and its mini worlds on disk, for tests that really train."""

import fcntl
import hashlib
import json
import shutil
from dataclasses import dataclass, replace
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
DATASETS = ("kinetics400", "ucf101")


@dataclass(frozen=True)
class Micro:
    """Micro worlds, and a folder for scale files.

    Attributes:
        place: holds `<dataset>-w0/manifest.parquet` and the videos; tests share it and change
            nothing in it.
        scales: where `scale` writes.
    """

    place: Path
    scales: Path

    def manifest(self, dataset="kinetics400"):
        return self.place / f"{dataset}-w0" / "manifest.parquet"

    def videos(self, dataset="kinetics400"):
        return Manifest.read(self.manifest(dataset))

    def scale(self, name, changes=None):
        """A scale file: micro's, with values replaced at dotted paths.

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
        file = self.scales / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.yaml"
        file.write_text(text)
        return file

    def copy(self, place):
        """The same worlds in a folder that the test may change."""
        shutil.copytree(self.place, place)
        own = Micro(place, place)
        for dataset in DATASETS:
            videos = replace(self.videos(dataset), root=place / f"{dataset}-w0" / "videos")
            videos.write(own.manifest(dataset))
        return own

    def state(self):
        """Size and time of change of each file, by its path."""
        files = (path for path in sorted(self.place.rglob("*")) if path.is_file())
        return {str(path): [path.stat().st_size, path.stat().st_mtime_ns] for path in files}


def shared(base, scales):
    """The worlds of one run of pytest, made by the first of its processes that asks.

    Returns them and their state when they were made.
    """
    micro, made = Micro(base / "micro-worlds", scales), base / "micro-worlds.json"
    with (base / "micro-worlds.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.is_file():
            shutil.rmtree(micro.place, ignore_errors=True)
            _make(micro)
            made.write_text(json.dumps(micro.state()))
    return micro, json.loads(made.read_text())


def _make(micro):
    """Generate and index both worlds."""
    scale = load_scale(str(MICRO))
    for dataset in DATASETS:
        world = micro.place / f"{dataset}-w0"
        write_world(scale.datasets[dataset].world, 0, world)
        manifest = index(
            dataset, root=world / "videos", annotations=world / "annotations", name=dataset
        )
        manifest.write(micro.manifest(dataset))


def choose(scale, start, tables=TABLES):
    """The loaded scale, and its R(2+1)D run whose id starts so, merged as the scale merges."""
    experiments = Experiments(str(scale), tables)
    runs = (run for run in experiments.runs.values() if run.backbone == "r2plus1d")
    scale, own = experiments.scale, experiments.scale.pretrain.merge.background
    (run,) = (
        run
        for run in runs
        if run.id.startswith(start) and (not run.merge or run.merge.background == own)
    )
    return scale, run
