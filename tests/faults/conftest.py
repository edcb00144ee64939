"""Micro worlds, and children forked from a server that has imported everything once."""

import multiprocessing
import os
from pathlib import Path

import pytest
from micro_world import ROOT, make

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def micro(tmp_path_factory):
    return make(tmp_path_factory.mktemp("micro"))


@pytest.fixture(scope="session")
def fork():
    """A multiprocessing context whose processes start in milliseconds."""
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
    return context
