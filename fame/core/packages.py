"""The installed packages against requirements.lock, the versions that were tested. No torch."""

import importlib.metadata
from functools import cache
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

import fame
from fame.core.files import sha256

LOCK = Path(fame.__file__).parents[1] / "requirements.lock"
"""Written by `make lock`; a checkout has it, a package that was installed from a wheel does not."""


@cache
def installed() -> dict[NormalizedName, str]:
    """The version of each installed package; of two of one name, that which Python finds first.

    The metadata of a package is read once: it takes a millisecond, and there are hundreds.
    """
    found = (one.metadata for one in importlib.metadata.distributions())
    return {canonicalize_name(one["Name"]): one["Version"] for one in reversed(list(found))}


def against_lock(lock: Path) -> dict[str, Any] | None:
    """The lock beside the code, and the installed packages that depart from it.

    Packages of the lock that are not installed are left out: they belong to extras.

    Returns:
        `sha256`, hexadecimal, of the lock; `departures`, the installed version of each package
        that the lock has in another one; None if there is no such file.
    """
    if not lock.is_file():
        return None
    present = installed()
    departures = {
        name: present[name]
        for name, wanted in _wanted(lock).items()
        if name in present and not wanted.specifier.contains(present[name], prereleases=True)
    }
    return {"sha256": sha256(lock), "departures": departures}


def _wanted(lock: Path) -> dict[NormalizedName, Requirement]:
    """The lock's requirements that apply to this Python and system, by name."""
    lines = (line.strip() for line in lock.read_text(encoding="utf-8").splitlines())
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {
        canonicalize_name(one.name): one
        for one in wanted
        if one.marker is None or one.marker.evaluate()
    }
