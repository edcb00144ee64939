"""Durations and sizes as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame.core.units import duration, size


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *((0, "0 s"), (0.41, "0.4 s"), (9.96, "10 s"), (89, "89 s"), (90, "1.5 min")),
        *((186, "3.1 min"), (597, "10 min"), (5399, "90 min"), (5400, "1.5 h")),
        *((360000, "100 h"), (4.3e6, "1,194 h"), (None, "unknown")),
    ],
)
def test_durations(seconds, said):
    assert duration(seconds) == said


@given(st.floats(0, 1e8))
def test_durations_are_short_and_close(seconds):
    text = duration(seconds)
    number, unit = text.replace(",", "").split()
    length = {"s": 1, "min": 60, "h": 3600}[unit]
    assert float(number) * length == pytest.approx(seconds, abs=length / 2 + 1e-6)
    assert len(text) <= 8


@pytest.mark.parametrize(
    ("count", "said"),
    [
        *((0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (440 * 10**9, "410 GiB")),
        *((3 * 2**40, "3.0 TiB"), (None, "unknown")),
    ],
)
def test_sizes(count, said):
    assert size(count) == said
