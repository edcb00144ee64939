"""A small table and three slow trainings: made here, and through Slurm."""

from pathlib import Path

import cluster
import pytest
from place import QUICKLY, ROOT, Made, Place, encoder

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """All tests of this folder need the cluster."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slurm)
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    """Everything made on this machine: table1 in two processes, the slow trainings in one."""
    place = Place(tmp_path_factory.mktemp("local"))
    place.make(place.scale("two", gpus=2), "--cores", "2", "results/table1.csv")
    scale = place.scale("one")
    place.make(scale, "--cores", "2", *map(encoder, place.slow_runs(scale)))
    return place


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """table1 through profiles/slurm; FAME is pretrained by two machines, a GPU each."""
    place = Place(tmp_path_factory.mktemp("on slurm"))
    before = cluster.last()
    profile = ["--workflow-profile", ROOT / "profiles" / "slurm", *QUICKLY]
    text = place.make(place.scale("nodes", nodes=2, gpus=1), *profile, "results/table1.csv")
    return Made(place, text, cluster.jobs(before))
