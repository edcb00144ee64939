"""Micro worlds, and children forked from a server that has imported everything once."""

import multiprocessing
import os
from multiprocessing import forkserver
from pathlib import Path

import pytest
from commands import LENGTH, OFTEN, pretraining
from micro_world import ROOT

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """All tests of this folder are slow: they train, and break what they started."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def fork():
    """A multiprocessing context whose processes start in milliseconds.

    There is one server in a process, and an earlier test may have started it with other imports.
    """
    forkserver._forkserver._stop()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["children"])
    before = os.environ.copy()
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, (HERE, HERE.parent, ROOT)))
    os.environ["OMP_NUM_THREADS"] = "1"
    process = context.Process(target=int)  # the server starts with the first process
    process.start()
    os.environ.clear()
    os.environ.update(before)
    process.join()
    yield context
    forkserver._forkserver._stop()


@pytest.fixture(scope="session")
def scales(micro):
    """Equal recipes: with the one checkpoint at the end, and with one after every step."""
    return micro.scale("rare", LENGTH), micro.scale("often", LENGTH | OFTEN)


@pytest.fixture(scope="session")
def undisturbed(fork, micro, scales, tmp_path_factory):
    """A pretraining that nothing happened to."""
    training = pretraining(fork, micro, tmp_path_factory.mktemp("undisturbed"), scales[0])
    assert training.run() == 0, training.text()
    return training
