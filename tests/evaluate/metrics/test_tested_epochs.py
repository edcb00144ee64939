"""The epochs that the release tests: 0, 10, 20 ... and the last, counted from 0 as it does."""

import pytest

from fame.evaluate.metrics.tested_epochs import due, number


@pytest.mark.parametrize("epochs", [1, 2, 10, 11, 35, 150])
def test_the_releases_rule_counted_from_1(epochs):
    expected = [n + 1 for n in range(epochs) if n % 10 == 0 or n == epochs - 1]
    assert [n for n in range(1, epochs + 1) if due(n, epochs)] == expected
    assert number(epochs) == len(expected)
