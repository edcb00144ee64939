"""The page's style sheet: readable in light and in dark."""

import re

import pytest
from jinja2 import UndefinedError
from micro_world import ROOT

from fame.report.page.templates import template

TEXTS = {"ink", "soft", "own", "link", "good", "bad"}
SERIES = [f"c{number}" for number in range(6)]

CSS = (ROOT / "fame" / "report" / "page" / "templates" / "page.css").read_text()


def colours(block):
    return dict(re.findall(r"--(\w+): (#[0-9a-f]+)", block))


def luminance(colour):
    """Relative luminance, as WCAG 2 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    shares = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_on_white():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777", "#fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("number", [0, 1], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(number):
    found = colours(re.findall(r":root {([^}]*)}", CSS)[number])
    assert set(found) == TEXTS | {"line", "wash", "paper"} | {*SERIES}
    for ground in ("paper", "wash"):
        assert all(contrast(found[text], found[ground]) >= 4.5 for text in TEXTS)
        assert all(contrast(found[look], found[ground]) >= 3 for look in SERIES)


def test_a_template_that_lacks_a_value_is_an_error():
    with pytest.raises(UndefinedError):
        template("table.html.j2").render(notice="")
