"""The confusion matrix of a classifier, as numbers and as a picture.

Its files are beside `<task>.json`: `<task>.confusion.csv` (counts), `<task>.classes.csv` (accuracy
of each class) and `<task>.confusion.png` (percent of each true class), which is drawn later from
the counts, for many results at once, because drawing is slow.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fame.core.errors import FameError
from fame.core.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NAMED = 60
"""With up to so many classes, the axes show names; with more, numbers."""

NUMBERED = 12
"""With up to so many classes, each square shows its percentage."""


def matrix(labels: Integers, predictions: Integers, classes: int) -> Integers:
    """Counts of (true, predicted) pairs.

    Args:
        labels: (N,) true classes in 0 .. classes - 1.
        predictions: (N,) predicted ones, in the same range.
        classes: how many there are.

    Returns:
        (classes, classes) int64; rows are true classes, columns predicted ones.

    Raises:
        FameError: the lengths differ, or a class is out of range.
    """
    if labels.shape != predictions.shape:
        raise FameError(f"{len(labels)} labels but {len(predictions)} predictions")
    both = np.concatenate([labels, predictions])
    outside = both[(both < 0) | (both >= classes)]
    if outside.size:
        raise FameError(f"a confusion matrix of {classes} classes has no class {outside[0]}")
    flat = np.bincount(labels * classes + predictions, minlength=classes * classes)
    counts: Integers = flat.reshape(classes, classes).astype(np.int64)
    return counts


def percentages(counts: Integers) -> Floats:
    """Each row as percent of its sum, 0 to 100; NaN for a class without videos."""
    totals = counts.sum(axis=1, keepdims=True).astype(np.float64)
    return 100 * counts / np.where(totals > 0, totals, np.nan)


def class_table(counts: Integers, names: Sequence[str]) -> pd.DataFrame:
    """A row for each class: `class`, `n` videos, `correct`, `accuracy` (percent, NaN if n = 0)."""
    return pd.DataFrame(
        {
            "class": list(names),
            "n": counts.sum(axis=1),
            "correct": counts.diagonal(),
            "accuracy": percentages(counts).diagonal(),
        }
    )


def write(out: Path, labels: Integers, predictions: Integers, names: Sequence[str]) -> None:
    """Write the two files beside a result, each atomically.

    Args:
        out: the result's `.json`; the files have its name with other suffixes.
        labels: (N,) true classes.
        predictions: (N,) predicted classes.
        names: of the classes, in the order of their numbers.

    Raises:
        FameError: see `matrix`; or a file cannot be written.
    """
    counts = matrix(labels, predictions, len(names))
    grid = pd.DataFrame(counts, index=pd.Index(names, name="true"), columns=list(names))
    _write_csv(out.with_suffix(".confusion.csv"), grid.reset_index())
    _write_csv(out.with_suffix(".classes.csv"), class_table(counts, names).round(4))


def picture(counts: Path) -> None:
    """Draw a matrix that `write` wrote, as a .png beside it.

    Args:
        counts: the `.confusion.csv`.

    Raises:
        FameError: the file is missing or is not a confusion matrix.
    """
    try:
        grid = pd.read_csv(counts, index_col="true", dtype={"true": str}, keep_default_na=False)
        square, names = grid.to_numpy(dtype=np.int64), [str(name) for name in grid.columns]
    except FileNotFoundError:
        raise FameError(f"{counts} does not exist; evaluate first") from None
    # TypeError: what pandas makes of a header without the column and without rows.
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise FameError(
            f"{counts} is not a confusion matrix ({error}); delete it, and evaluate again"
        ) from error
    if list(map(str, grid.index)) != names:
        raise FameError(
            f"{counts}: rows and columns name other classes; delete it, and evaluate again"
        )
    figure = draw(square, names)
    with replacing(counts.with_suffix(".png")) as file:
        metadata = {
            "Software": None
        }  # no version of matplotlib, so that equal pictures are equal files
        figure.savefig(file, format="png", dpi=200, bbox_inches="tight", metadata=metadata)


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    with replacing(path) as file:
        file.write(frame.to_csv(index=False, lineterminator="\n").encode())


def draw(counts: Integers, names: Sequence[str]) -> "Figure":
    """The matrix as percent of each true class; a class without videos is a grey row.

    Darkness grows with the square root of the percentage, so that rare confusions are visible.

    Args:
        counts: (classes, classes), see `matrix`.
        names: of the classes; left out beyond `NAMED`, when the axes count instead.
    """
    import matplotlib as mpl
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

    with mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 8}):
        side = float(np.clip(0.13 * len(names), 3.2, 7.5))
        figure = Figure(figsize=(side + 1, side))
        axes = figure.add_subplot()
        shares = percentages(counts)
        colours = mpl.colormaps["Blues"].with_extremes(bad="#aaaaaa")
        scale = PowerNorm(0.5, vmin=0, vmax=100)
        picture = axes.imshow(shares, cmap=colours, norm=scale, interpolation="nearest")
        bar = figure.colorbar(picture, ax=axes, fraction=0.045, pad=0.02)
        bar.set_label("percent of the true class")
        counted = "" if len(names) <= NAMED else " (its row among the classes, from 0)"
        axes.set(xlabel=f"predicted class{counted}", ylabel=f"true class{counted}")
        _ticks(axes, names)
        if len(names) <= NUMBERED:
            _numbers(axes, shares)
    return figure


def _ticks(axes: "Axes", names: Sequence[str]) -> None:
    """Names at every class, or numbers where names would not be readable."""
    if len(names) <= NAMED:
        size = 8 if len(names) <= 20 else 5.5
        style: dict[str, Any] = {"labels": list(names), "fontsize": size}
        axes.set_xticks(range(len(names)), rotation=90, **style)
        axes.set_yticks(range(len(names)), **style)
        return
    step = 10 if len(names) <= 150 else 50
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(range(0, len(names), step))
        axis.set_ticks(range(0, len(names), step // 10), minor=True)
    axes.tick_params(which="minor", length=1.5)


def _numbers(axes: "Axes", shares: Floats) -> None:
    """The percentage in each square, black on light and white on dark."""
    for (row, column), share in np.ndenumerate(shares):
        if np.isfinite(share):
            ink = "black" if share < 30 else "white"
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", color=ink, size=7)
