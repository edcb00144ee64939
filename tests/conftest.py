"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest
from loopback import serving

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real clips, official lists and golden arrays that are not part of the repository.

    Looked for in $FAME_SHARED, then in `shared/` beside the checkout.
    """
    place = Path(os.environ.get("FAME_SHARED", ROOT.parent / "shared"))
    if not (place / "videos").is_dir():
        pytest.skip(f"real clips and golden arrays are not at {place} (set FAME_SHARED)")
    return place


@pytest.fixture
def web():
    """A web server on this machine."""
    with serving() as running:
        yield running
