"""Fixtures shared by all tests."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from loopback import serving

ROOT = Path(__file__).resolve().parents[1]

LONGEST = (
    "methods/test_headline.py",
    "faults/test_methods.py",
    "workflow/test_workflow.py",
    "methods/test_all_methods.py",
    "faults/test_workflow_kills.py",
    "faults/test_kills.py",
    "faults/test_processes.py",
)
"""Test files that take more than half a minute of processor time, the longest first. After them
come those of workflows, then all others."""

# A busy machine makes no test fail.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items):
    """Put the longest files first, so that two processes, which share out files, end together."""
    turns = {ROOT / "tests" / file: turn for turn, file in enumerate(LONGEST)}
    assert all(file.is_file() for file in turns), f"correct LONGEST in {__file__}"
    items.sort(
        key=lambda item: (turns.get(item.path, len(turns)), "workflow" not in item.path.parts)
    )


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def micro(tmp_path_factory):
    """The micro worlds of this run of pytest, made once for all its processes: not to be changed.

    A test that changes them works on `micro.copy(folder)`.
    """
    from micro_world import shared

    base = tmp_path_factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    worlds, before = shared(run, tmp_path_factory.mktemp("scales"))
    yield worlds
    assert worlds.state() == before, "a test changed the micro worlds that all tests share"


@pytest.fixture(scope="session")
def mini_results(tmp_path_factory):
    """The mini scale's experiments, and `results/mini` with made-up numbers: not to be changed."""
    from made_results import make

    return make(ROOT, tmp_path_factory.mktemp("results"))


@pytest.fixture
def own_results(mini_results, tmp_path):
    """The same in a folder of the test's own."""
    given, folder = mini_results
    shutil.copytree(folder, tmp_path / folder.name)
    return given, tmp_path / folder.name


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real clips, official lists and golden arrays that are not part of the repository.

    Looked for in $FAME_SHARED, then in `shared/` beside the checkout.
    """
    place = Path(os.environ.get("FAME_SHARED", ROOT.parent / "shared"))
    if not (place / "videos").is_dir():
        pytest.skip(f"real clips and golden arrays are not at {place} (set FAME_SHARED)")
    return place


@pytest.fixture(scope="session")
def small_clips(shared) -> Path:
    """Some 1,600 small real clips of UCF101 and JHMDB; not part of the repository either."""
    if not (shared / "clips74").is_dir():
        pytest.skip(f"small real clips are not at {shared / 'clips74'} (set FAME_SHARED)")
    return shared / "clips74"


@pytest.fixture
def web():
    """A web server on this machine."""
    with serving() as running:
        yield running
