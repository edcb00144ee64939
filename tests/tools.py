"""Programs that some tests need beside Python."""

import os
from typing import NoReturn

import pytest


def lacking(reason: str) -> NoReturn:
    """Skip a test whose tool is not installed; with $FAME_TOOLS=all, as CI sets it, fail."""
    if os.environ.get("FAME_TOOLS") == "all":
        pytest.fail(reason)
    pytest.skip(reason)
