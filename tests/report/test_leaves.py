"""Nested settings by dotted key."""

from fame.report.leaves import leaves


def test_leaves_are_named_by_dotted_keys():
    nested = {"a": {"b": 1, "c": {"d": [2]}}, "e": None, "f": {}}
    assert leaves(nested) == {"a.b": 1, "a.c.d": [2], "e": None, "f": {}}
