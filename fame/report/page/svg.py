"""Small pictures as inline SVG: axes, dots and lines that follow the page's colours. No script."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from markupsafe import Markup, escape

SPARE = ("c2", "c3", "c4", "c0", "c1", "c5")
"""Colours of the style sheet, in the order in which those without a role take them."""

LETTER = 6.3
"""About the width of a letter, in pixels."""

LEFT, RIGHT, TOP, BOTTOM = 44.0, 8.0, 8.0, 34.0
"""Margins of a panel, in pixels: for the numbers and the titles of its axes."""

Point = tuple[float, float]


def tag(name: str, *inside: str | Markup, **attributes: object) -> Markup:
    """An element; texts are escaped, and `stroke_width` or `class_` name an attribute.

    Args:
        name: of the element.
        inside: texts and elements.
        attributes: floats have at most two decimals; None leaves an attribute out.
    """
    pairs = (
        Markup(' {}="{}"').format(key.strip("_").replace("_", "-"), number(value))
        for key, value in attributes.items()
        if value is not None
    )
    content = Markup("").join(escape(one) for one in inside)
    return Markup("<{0}{1}>{2}</{0}>").format(name, Markup("").join(pairs), content)


def number(value: object) -> str:
    """A coordinate with at most two decimals; anything else as text."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Axis:
    """A range of values and its title.

    Attributes:
        low, high: its ends; `low` is below `high`.
    """

    low: float
    high: float
    title: str = ""

    @classmethod
    def around(cls, values: Iterable[float], title: str = "") -> "Axis":
        """An axis that has a little room around some finite values; 0 to 1 for none."""
        given = list(values)
        low, high = (min(given), max(given)) if given else (0.0, 1.0)
        room = 0.06 * (high - low) or max(1.0, abs(high)) * 0.1
        return cls(low - room, high + room, title)

    def place(self, value: float, start: float, end: float) -> float:
        """Where a value lies if the axis goes from `start` to `end`."""
        return start + (value - self.low) / (self.high - self.low) * (end - start)

    @property
    def ticks(self) -> list[float]:
        """At most six round values in the range: steps of 1, 2 or 5 times a power of ten."""
        step = 10.0 ** math.floor(math.log10((self.high - self.low) / 5))
        while (self.high - self.low) / step > 5:
            step *= 2.5 if f"{step:e}".startswith("2") else 2
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(place * step, 10) for place in range(first, last + 1)]


@dataclass(frozen=True)
class Series:
    """Points of one look.

    Attributes:
        points: pairs of x and y.
        look: classes of the style sheet, such as `c1`.
        titles: what a pointer on each point is told; none for a line.
        links: where each point leads; none for points without a link.
    """

    points: Sequence[Point]
    look: str
    titles: Sequence[str] = ()
    links: Sequence[str] = ()


def svg(width: float, height: float, label: str, *inside: Markup, look: str = "plot") -> Markup:
    """A picture of a size in pixels, with a description for readers who cannot see it."""
    box = f"0 0 {number(width)} {number(height)}"
    size = {"viewBox": box, "width": width, "height": height}
    return tag("svg", *inside, class_=look, role="img", aria_label=label, **size)


def dot(x: float, y: float, title: str, link: str = "", **attributes: object) -> Markup:
    """A dot that says its title, and leads somewhere if it has a link."""
    mark = tag("circle", tag("title", title), cx=x, cy=y, **attributes)
    return tag("a", mark, href=link) if link else mark


def text(x: float, y: float, words: str, **attributes: object) -> Markup:
    """Words at a place."""
    return tag("text", words, x=x, y=y, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> Markup:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)


ROLES = {"fame": "c1", "no merging": "c0", "moco": "c0", "random": "c5"}
"""Colours of what most pages show, as in the figures: FAME, MoCo, no training."""


def looks(names: Sequence[str]) -> list[str]:
    """A colour for each name: that of its role if it is the first of it, else the next in turn."""
    given: dict[str, str] = {}
    for name in names:
        role = next((look for word, look in ROLES.items() if word in name.lower()), "")
        if role and role not in given.values():
            given[name] = role
    spare = [look for look in SPARE if look not in given.values()] or list(SPARE)
    rest = [name for name in names if name not in given]
    given |= {name: spare[at % len(spare)] for at, name in enumerate(rest)}
    return [given[name] for name in names]


def differences(axis: Axis, ends: tuple[float, float], floor: float) -> list[Markup]:
    """The ground of rows of differences: a line at zero, others at ticks, and their numbers.

    Args:
        axis: the range; zero is in it.
        ends: where it starts and ends, in pixels.
        floor: below the last row, in pixels; numbers and title take 27 more.
    """
    places = {value: axis.place(value, *ends) for value in axis.ticks}
    zero = axis.place(0.0, *ends)
    return [
        *(line(x, 0.0, x, floor, class_="grid") for x in places.values()),
        line(zero, 0.0, zero, floor, class_="zero"),
        *(
            text(x, floor + 12, f"{value:+g}" if value else "0", text_anchor="middle")
            for value, x in places.items()
        ),
        text(sum(ends) / 2, floor + 25, axis.title, text_anchor="middle"),
    ]


def seeds_at(values: Mapping[int, float], axis: Axis, ends: Point, y: float) -> list[Markup]:
    """Differences of a row: a bar at their mean, and a dot for each seed."""
    mean = axis.place(fmean(values.values()), *ends)
    bar = line(mean, y - 7, mean, y + 7, class_="mean")
    dots = (
        dot(axis.place(value, *ends), y, f"seed {seed}: {value:+.1f}", r=4.0)
        for seed, value in values.items()
    )
    return [bar, *dots]


@dataclass(frozen=True)
class Panel:
    """A coordinate system.

    Attributes:
        title: stands above, left.
        width, height: in pixels, of the whole picture.
    """

    title: str
    x: Axis
    y: Axis
    width: float = 330.0
    height: float = 200.0

    def at(self, point: Point) -> Point:
        """A point in pixels."""
        across = self.x.place(point[0], LEFT, self.width - RIGHT)
        return across, self.y.place(point[1], self.height - BOTTOM, TOP)

    def lines(self, series: Sequence[Series], label: str) -> Markup:
        """The panel with a line for each series."""
        drawn = (self._line(one) for one in series if one.points)
        return self._framed(label, *drawn)

    def dots(self, series: Sequence[Series], label: str) -> Markup:
        """The panel with dots for each series."""
        return self._framed(label, *(dot for one in series for dot in self._dots(one)))

    def _line(self, series: Series) -> Markup:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self.at, series.points))
        title = [tag("title", series.titles[0])] if series.titles else []
        return tag("polyline", *title, points=points, class_=f"line {series.look}")

    def _dots(self, series: Series) -> Iterable[Markup]:
        links = series.links or [""] * len(series.points)
        for point, title, link in zip(series.points, series.titles, links, strict=True):
            x, y = self.at(point)
            yield dot(x, y, title, link, r=4.0, class_=f"dot {series.look}")

    def _framed(self, label: str, *inside: Markup) -> Markup:
        picture = svg(self.width, self.height, label, *self._across(), *self._up(), *inside)
        return tag("figure", tag("figcaption", self.title), picture, class_="panel")

    def _across(self) -> Iterable[Markup]:
        floor, middle = self.height - BOTTOM, (LEFT + self.width - RIGHT) / 2
        yield line(LEFT, floor, self.width - RIGHT, floor, class_="axis")
        for value in self.x.ticks:
            place = self.x.place(value, LEFT, self.width - RIGHT)
            yield text(place, floor + 13, f"{value:g}", text_anchor="middle")
        yield text(middle, self.height - 5, self.x.title, text_anchor="middle")

    def _up(self) -> Iterable[Markup]:
        for value in self.y.ticks:
            place = self.y.place(value, self.height - BOTTOM, TOP)
            yield line(LEFT, place, self.width - RIGHT, place, class_="grid")
            yield text(LEFT - 4, place + 3.5, f"{value:g}", text_anchor="end")
