"""For tests of draws: a generator with prepared answers, and whether labels are balanced."""

LIMITS = {2: 10.8, 3: 13.8, 4: 16.3, 5: 18.5, 6: 20.5}
"""Chi-square that a balanced draw of so many labels exceeds once in a thousand times."""


class Chosen:
    """In place of a generator: gives prepared integers, one after the other."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def integers(self, *_, **__):
        return self.numbers.pop(0)


def assert_balanced(labels, count):
    """Each of `count` labels is about as frequent as the others."""
    expected = len(labels) / count
    found = [list(labels).count(label) for label in range(count)]
    assert sum(found) == len(labels)
    assert sum((number - expected) ** 2 for number in found) / expected < LIMITS[count], found
