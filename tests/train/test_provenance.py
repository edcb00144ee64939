"""The card says what made an encoder, and blames no stranger's commit."""

import json
import re
import subprocess

import psutil
import pytest
import torch

import fame
from fame.core.distributed import World
from fame.core.packages import LOCK, against_lock
from fame.train.provenance import PACKAGES, card, code_version

WORLD = World(0, 2, torch.device("cpu"))


def test_facts_come_first_and_all_is_json():
    written = json.loads(json.dumps(card(WORLD, run="a-run", seconds=1.5)))
    assert list(written)[:2] == ["run", "seconds"]
    assert written["environment"]["processes"] == 2
    assert written["environment"]["device"] == "cpu"
    assert set(written["environment"]["packages"]) == set(PACKAGES)
    assert torch.__version__.startswith(written["environment"]["packages"]["torch"])
    assert written["environment"]["lock"] == against_lock(LOCK)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", written["finished"])


def test_the_peak_of_memory_is_in_mib():
    now = psutil.Process().memory_info().rss / 2**20
    # The peak was at some time before, but the units are 1024 apart.
    assert 0.9 * now < card(WORLD)["peak_memory_mib"]["host"] < 100 * now


def git(place, *arguments):
    subprocess.run(["git", "-C", str(place), *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with a package that takes the place of ours."""
    package = tmp_path / "fame"
    package.mkdir()
    (package / "__init__.py").touch()
    git(tmp_path, "init")
    (tmp_path / "other").touch()
    git(tmp_path, "add", "other")
    names = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    git(tmp_path, *names, "commit", "-m", "one", "--no-gpg-sign")
    monkeypatch.setattr(fame, "__file__", str(package / "__init__.py"))
    return tmp_path


def test_a_checkout_names_its_commit_and_whether_it_is_dirty(repository):
    git(repository, "add", "fame")
    commit = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "HEAD"], check=True, capture_output=True
    ).stdout.decode()[:12]
    assert code_version() == f"{fame.__version__}+{commit}-dirty"


def test_a_package_in_a_strangers_repository_has_no_commit(repository):
    assert code_version() == fame.__version__


def test_without_git_there_is_a_version(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert code_version() == fame.__version__
