"""Nested settings by dotted key."""

from collections.abc import Mapping
from typing import Any


def leaves(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Values by dotted key: `{"a": {"b": 1}}` is `{"a.b": 1}`.

    Lists and empty mappings are values.
    """
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            found |= leaves(value, f"{above}{key}.")
        else:
            found[above + key] = value
    return found
