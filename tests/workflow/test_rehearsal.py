"""The real datasets rehearsed: from miniature official archives on a server to a trained encoder.

Everything is done by the rules, as `--config scale=paper` would do it: the terms are asked for,
archives are downloaded over a line that breaks, unpacked, and matched with the lists; every video
is opened and copied small, and each dataset is pretrained on for one epoch of one step.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import official_archives
import pandas as pd
import pytest
import yaml
from loopback import Fault, Web, serving

from fame.data.manifest import Manifest
from fame.pipeline.experiments import Experiments

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DATASETS = ("ucf101", "hmdb51", "diving48", "kinetics400")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@dataclass(frozen=True)
class Stage:
    """A folder with a scale, a table and a file of sources, and the server that it names."""

    place: Path
    web: Web

    def snakemake(self, *targets, accept=()):
        """Run the rules; returns the exit status and all that was printed."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *targets]
        command += ["--snakefile", ROOT / "Snakefile", "--directory", self.place, "--config"]
        command += [f"scale={self.place / 'small.yaml'}", f"tables={self.place / 'tables'}"]
        command += [f"sources={self.place / 'datasets.yaml'}"]
        command += [f"accept_terms=[{','.join(accept)}]"] if accept else []
        done = subprocess.run(
            list(map(str, command)),
            cwd=self.place,
            env=os.environ | {"FAME_DATA": str(self.place / "data"), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def targets(self):
        """Four manifests and four encoders."""
        experiments = Experiments(str(self.place / "small.yaml"), self.place / "tables")
        runs = [f"results/small/pretrain/{run}/encoder.safetensors" for run in experiments.runs]
        assert len(runs) == 4
        return [f"results/small/data/{data}/manifest.parquet" for data in DATASETS] + runs

    def data(self, dataset, name):
        return self.place / "results/small/data" / dataset / name


def small_scale():
    """The paper's four datasets at the size of micro."""
    settings = yaml.safe_load((HERE / "micro.yaml").read_text())
    paper = yaml.safe_load((ROOT / "config/scales/paper.yaml").read_text())
    settings |= {"name": "small", "datasets": {name: paper["datasets"][name] for name in DATASETS}}
    settings["datasets"]["kinetics400"]["missing"] = 0.1  # of 13, not of 266,440
    for name in DATASETS:
        settings["datasets"][name]["prepare"] = {
            "to": f"${{FAME_DATA}}/{name}/prepared",
            "short_side": 32,
            "crf": 20,
            "keyframes": 4,
            "shards": 2 if name == "kinetics400" else 1,
        }
    settings["pretrain"]["epochs"] = dict.fromkeys(DATASETS, 1)
    settings["pretrain"]["methods"]["moco"]["queue"] = dict.fromkeys(DATASETS, 0)
    settings["evaluate"]["retrieval"]["ranks"] = [1]  # the smallest set has 8 training videos
    return settings


def table():
    """One row for each dataset to pretrain on."""
    recipe = {"method": "moco", "backbone": "r2plus1d", "merge": {"mask": "fame"}}
    return {
        "name": "table1",
        "title": "T",
        "source": "S",
        "show": {"data": "Data"},
        "columns": {"ucf101": {"title": "UCF101", "dataset": "ucf101", "metric": "r1"}},
        "rows": [
            {"show": {"data": name}, "task": "retrieval", "recipe": recipe | {"pretrain": name}}
            for name in DATASETS
        ],
    }


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    place = tmp_path_factory.mktemp("rehearsal")
    (place / "tables").mkdir()
    (place / "tables/table1.yaml").write_text(yaml.safe_dump(table()))
    (place / "small.yaml").write_text(yaml.safe_dump(small_scale()))
    with serving() as web:
        official_archives.publish(web, place)
        yield Stage(place, web)


@pytest.fixture(scope="module")
def asked(stage):
    """What happens before the terms are accepted: status, text, requests."""
    return *stage.snakemake(*stage.targets()), list(stage.web.requests)


@pytest.fixture(scope="module")
def made(stage, asked):
    """Everything made, over a line that breaks; what was requested is counted."""
    for path in ("/ucf101/videos/UCF101_videos.zip", "/kinetics400/train/part_0.tar.gz"):
        stage.web[path].faults += [Fault(after=5000), Fault(status=503)]
    status, text = stage.snakemake(*stage.targets(), accept=DATASETS)
    assert status == 0, text
    return stage


def test_nothing_is_downloaded_before_the_terms_are_accepted(asked):
    status, text, requests = asked
    assert (status != 0, requests) == (True, [])
    for name in DATASETS:
        assert f"read the terms with `fame acquire {name}`" in text


@pytest.mark.parametrize(
    ("dataset", "train", "other", "classes"),
    [
        ("ucf101", 8, {"test": 4}, ["ApplyEyeMakeup", "HandstandPushups"]),
        ("hmdb51", 8, {"test": 4, "unused": 2}, ["brush_hair", "wave"]),
        ("diving48", 8, {"test": 4}, ["Back_15som_05Twis_FREE", "Inward_35som_NoTwis_TUCK"]),
        ("kinetics400", 8, {"val": 4}, list(official_archives.KINETICS_CLASSES)),
    ],
)
def test_every_dataset_is_complete_and_usable(made, dataset, train, other, classes):
    manifest = Manifest.read(made.data(dataset, "manifest.parquet"))
    assert manifest.table["split"].value_counts().to_dict() == {"train": train} | other
    assert manifest.classes == classes
    assert set(manifest.table["status"]) == {"ok"}
    assert set(manifest.table["frames"]) == {16}


def test_datasets_are_read_from_small_copies(made):
    for dataset in DATASETS:
        manifest = Manifest.read(made.data(dataset, "manifest.parquet"))
        assert set(manifest.table["width"]) == set(manifest.table["height"]) == {32}
        assert manifest.root.name == "prepared"


def test_absent_and_unnamed_videos_are_named(made):
    def paths(dataset, name):
        return pd.read_csv(made.data(dataset, name))["path"].tolist()

    for dataset in ("ucf101", "hmdb51", "diving48"):
        assert paths(dataset, "absent.csv") == paths(dataset, "unnamed.csv") == []
    assert paths("kinetics400", "absent.csv") == [
        "train/arm wrestling/gonegonegon_000005_000015.mp4"
    ]
    assert paths("kinetics400", "unnamed.csv") == ["unnamed/train/inNoList___x_000000_000010.mp4"]


def test_the_broken_line_was_resumed(made):
    """Where a checksum is published; else the download starts again."""
    resumed, again = [None, "bytes=5000-", "bytes=5000-"], [None, None, None]
    assert made.web.asked("ucf101/videos/UCF101_videos.zip") == resumed
    assert made.web.asked("kinetics400/train/part_0.tar.gz") == again


def test_the_record_names_the_archives_and_their_sums(made):
    record = yaml.safe_load(made.data("ucf101", "source.json").read_text())
    assert [part["part"] for part in record["downloaded"]] == ["lists", "videos"]
    known = yaml.safe_load((made.place / "datasets.yaml").read_text())["datasets"]["ucf101"]
    (archive,) = record["downloaded"][1]["archives"]
    assert archive["sha256"] == known["parts"]["videos"]["sources"][-1]["sha256"]
    assert archive["files"] == 12


def test_every_dataset_was_pretrained_on(made):
    encoders = made.place.glob("results/small/pretrain/*/encoder.safetensors")
    assert len(list(encoders)) == 4


def test_the_same_again_does_nothing_and_asks_for_nothing(made):
    before = len(made.web.requests)
    status, text = made.snakemake(*made.targets())
    assert (status, len(made.web.requests)) == (0, before)
    assert "Nothing to be done" in text
    for dataset in DATASETS:  # another results folder, the same videos: nobody is asked again
        made.data(dataset, "source.json").unlink()
    targets = [f"results/small/data/{data}/source.json" for data in DATASETS]
    status, text = made.snakemake(*targets)
    assert (status, len(made.web.requests)) == (0, before), text
