"""FAME's gain over MoCo by class, and which classes each takes for which."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import pandas as pd
from markupsafe import Markup

from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.pipeline.experiments import result_file
from fame.report.page.grid import read_csv
from fame.report.page.pairs import Pair, title
from fame.report.page.seeds import Gap, Seeds
from fame.report.page.svg import LETTER, Axis, differences, seeds_at, svg, tag, text

ROW = 16.0
"""The height of a class, in pixels."""

SIDE = 300.0
"""Of a confusion matrix, in pixels."""

NAMED = 30
"""Up to so many classes, the rows of a matrix have names."""


@dataclass(frozen=True)
class ByClass:
    """What a pair gives by class.

    Attributes:
        title: the evaluation.
        gains: a row for each class.
        matrices: of MoCo and of FAME, each with its title.
    """

    title: str
    gains: Markup
    matrices: tuple[tuple[str, Markup], ...]


def by_class(pairs: Sequence[Pair], scale: Scale, evaluations: Path) -> tuple[ByClass, ...]:
    """The pairs whose tasks count right answers by class and left the files.

    Args:
        pairs: FAME beside MoCo.
        scale: the scale.
        evaluations: `results/<scale>/evaluate`.

    Raises:
        FameError: a file is not what its task writes.
    """
    found = []
    for pair in pairs:
        gains = gains_of(pair, scale, evaluations)
        if gains:
            sides = (("MoCo", pair.moco), ("FAME", pair.fame))
            squares = [(name, pooled(one, scale, evaluations)) for name, one in sides]
            drawn = tuple((name, _matrix(one, name)) for name, one in squares if one is not None)
            found.append(ByClass(title(pair.fame, scale), _gains(gains), drawn))
    return tuple(found)


def _files(one: Seeds, scale: Scale, evaluations: Path, suffix: str) -> dict[int, Path]:
    """The files beside a cell's results that exist, by seed."""
    cell = one.cell
    paths = {
        run.seed: (evaluations / result_file(scale, run, cell.dataset, cell.task))
        for run in cell.runs
    }
    files = {seed: path.with_suffix(suffix) for seed, path in paths.items()}
    return {seed: file for seed, file in files.items() if file.is_file()}


def gains_of(pair: Pair, scale: Scale, evaluations: Path) -> dict[str, Gap]:
    """FAME's accuracy less MoCo's by class, the largest mean first; empty without the files."""
    sides = [
        {seed: _accuracies(file) for seed, file in files.items()}
        for files in (
            _files(one, scale, evaluations, ".classes.csv") for one in (pair.fame, pair.moco)
        )
    ]
    differences: dict[str, dict[int, float]] = {}
    for seed in (seed for seed in sides[0] if seed in sides[1]):
        fame, moco = sides[0][seed], sides[1][seed]
        for name in (name for name in fame if name in moco):
            differences.setdefault(name, {})[seed] = fame[name] - moco[name]
    gains = {name: Gap(values) for name, values in differences.items()}
    return dict(sorted(gains.items(), key=lambda item: (-item[1].mean, item[0])))


def _accuracies(file: Path) -> dict[str, float]:
    """Accuracy by class, in percent, of the classes that have test videos."""
    frame = read_csv(file, texts=["class"])
    if not {"class", "accuracy"} <= set(frame):
        raise FameError(f"{file}: not accuracies by class; delete it and evaluate again")
    known = frame.dropna(subset=["accuracy"])
    return dict(zip(known["class"].astype(str), known["accuracy"].astype(float), strict=True))


def _gains(gains: dict[str, Gap]) -> Markup:
    """A row for each class, a dot for each seed, a bar at the mean."""
    numbers = [value for gap in gains.values() for value in gap.values.values()]
    axis = Axis.around([*numbers, 0.0], "FAME less MoCo, points")
    left = LETTER * max(map(len, gains)) + 4
    width, floor = left + 420, ROW * len(gains) + 6
    ends = (left + 10, width - 50)
    marks = differences(axis, ends, floor)
    for at, (name, gap) in enumerate(gains.items()):
        y = ROW * at + ROW / 2 + 2
        marks.append(text(left, y + 4, name, text_anchor="end"))
        marks.append(text(width, y + 4, f"{gap.mean:+.1f}", text_anchor="end"))
        marks += seeds_at(gap.values, axis, ends, y)
    spoken = "; ".join(f"{name}: {gap.mean:+.1f}" for name, gap in gains.items())
    return svg(width, floor + 32, f"{axis.title}, by class. {spoken}", *marks)


def pooled(one: Seeds, scale: Scale, evaluations: Path) -> pd.DataFrame | None:
    """Counts of all seeds together, true classes down and predicted ones across.

    None without the files, or if seeds have different classes.

    Raises:
        FameError: a file is not a confusion matrix.
    """
    frames = [_counts(file) for file in _files(one, scale, evaluations, ".confusion.csv").values()]
    if not frames or any(list(frame) != list(frames[0]) for frame in frames):
        return None
    whole = frames[0]
    for frame in frames[1:]:
        whole = whole + frame
    return whole


def _counts(file: Path) -> pd.DataFrame:
    frame = read_csv(file, texts=["true"])
    names = [name for name in frame if name != "true"]
    whole = all(pd.api.types.is_integer_dtype(frame[name]) for name in names)
    if "true" not in frame or list(frame["true"]) != names or not whole:
        raise FameError(f"{file}: not a confusion matrix; delete it and evaluate again")
    return frame.set_index("true")


def _matrix(counts: pd.DataFrame, name: str) -> Markup:
    """A square for each pair of classes that occurs, as opaque as the share of its true class."""
    classes = list(map(str, counts.index))
    left = LETTER * max(map(len, classes)) + 8 if len(classes) <= NAMED else 4.0
    side = SIDE / len(classes)
    shares = counts.div(counts.sum(axis=1), axis=0).fillna(0.0).to_numpy()
    marks = [tag("rect", x=left, y=0.0, width=SIDE, height=SIDE, class_="ground")]
    for row, true in enumerate(classes):
        if len(classes) <= NAMED:
            marks.append(text(left - 5, (row + 0.5) * side + 4, true, text_anchor="end"))
        for column, taken in enumerate(classes):
            share = float(shares[row, column])
            if share > 0:
                marks.append(_square(left, side, (row, column), share, f"{true} taken for {taken}"))
    right = fmean(float(shares[at, at]) for at in range(len(classes)))
    label = f"Confusion matrix of {name}: {100 * right:.0f} percent on the diagonal on average"
    return svg(left + SIDE + 2, SIDE + 2, label, *marks)


def _square(left: float, side: float, at: tuple[int, int], share: float, words: str) -> Markup:
    title = tag("title", f"{words}: {100 * share:.0f} %")
    place = {"x": left + at[1] * side, "y": at[0] * side, "width": side, "height": side}
    look = "cell right" if at[0] == at[1] else "cell"
    return tag("rect", title, class_=look, fill_opacity=share, **place)
