"""A lock is named by its sum, and every departure from it is told."""

import hashlib
import sys
from importlib.metadata import version

import pytest

from fame.core.packages import LOCK, against_lock, installed


@pytest.fixture
def told(tmp_path):
    """What is told about a lock of the given lines."""

    def against(*lines):
        lock = tmp_path / "requirements.lock"
        lock.write_text("".join(f"{line}\n" for line in ("# by hand", *lines)))
        return against_lock(lock)

    return against


def test_the_sum_is_that_of_the_checkouts_lock(root):
    assert root / "requirements.lock" == LOCK
    told = against_lock(LOCK)
    assert told is not None
    assert told["sha256"] == hashlib.sha256(LOCK.read_bytes()).hexdigest()


def test_an_installed_package_in_another_version_is_a_departure(told):
    locked = told("numpy==0.0.1", f"pandas=={version('pandas')}", "    # via numpy")
    assert locked["departures"] == {"numpy": version("numpy")}


def test_a_build_of_the_same_version_is_none(told, monkeypatch):
    monkeypatch.setattr("fame.core.packages.installed", lambda: {"torch": "2.14.1+cpu"})
    assert told("torch==2.14.1")["departures"] == {}
    assert told("torch==2.14.0")["departures"] == {"torch": "2.14.1+cpu"}


def test_of_two_packages_of_one_name_the_first_counts(tmp_path, monkeypatch):
    for place, number in (("first", "2"), ("second", "1")):
        metadata = tmp_path / place / "Twice_Here-0.dist-info" / "METADATA"
        metadata.parent.mkdir(parents=True)
        metadata.write_text(f"Metadata-Version: 2.1\nName: Twice_Here\nVersion: {number}\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "first"), str(tmp_path / "second")])
    assert installed.__wrapped__() == {"twice-here": "2"}


def test_names_are_compared_however_they_are_spelt(told):
    assert told("PyYAML==0.1")["departures"] == {"pyyaml": version("pyyaml")}


def test_what_is_for_other_systems_or_not_installed_is_left_out(told):
    assert told("numpy==0.0.1 ; sys_platform == 'win32'", "no-such-package==1")["departures"] == {}


def test_without_a_lock_nothing_is_told(tmp_path):
    assert against_lock(tmp_path / "requirements.lock") is None
