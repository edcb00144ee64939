"""The common style of all figures; they are written as .png and .pdf, reproducibly."""

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # before pyplot: figures are files, also where there is a screen
import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib.figure import Figure

from fame.core.files import replacing

PALETTE = {
    "fame": "#D55E00",
    "moco": "#0072B2",
    "supervised": "#009E73",
    "random": "#7F7F7F",
    "other": "#E69F00",
    "extra": "#CC79A7",
    "accent": "#56B4E9",
    "ink": "#000000",
}
"""Colours by role, after Okabe and Ito (2008): they stay apart for colour-blind readers."""

COLOURS = [PALETTE[role] for role in ("moco", "fame", "supervised", "other", "extra", "accent")]
"""The same colours as a cycle, for things without a role."""

_ROLES = {
    "fame": "fame",
    "moco": "moco",
    "contrastive": "moco",
    "supervised": "supervised",
    "random": "random",
}
"""The first word of a title to a role of the palette."""

TEXT_WIDTH = 6.9
"""The width of a two-column page, in inches."""

_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "figure.titlesize": 9,
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 300,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.0,
    "axes.prop_cycle": cycler(color=COLOURS),
    "image.interpolation": "nearest",
    "pdf.fonttype": 42,  # text stays text
    "svg.fonttype": "none",
    "svg.hashsalt": "fame",
}

_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}
"""Neither the date nor a program's version: equal figures are equal files."""


@contextmanager
def style() -> Iterator[None]:
    """Draw with the project's sizes and colours, whatever the reader's own matplotlibrc says."""
    with plt.rc_context():
        plt.rcdefaults()
        plt.rcParams.update(_SETTINGS)
        yield


def save(figure: Figure, path: Path) -> list[Path]:
    """Write `path`.png and `path`.pdf, each atomically, and close the figure.

    Args:
        figure: drawn under `style()`.
        path: without its ending; one of `.png` or `.pdf` is dropped if it is there.

    Returns:
        The two files.

    Raises:
        FameError: if a file cannot be written.
    """
    stem = path.with_suffix("") if path.suffix in {".png", ".pdf"} else path
    files = [stem.with_name(f"{stem.name}.{ending}") for ending in _METADATA]
    try:
        with plt.rc_context(_SETTINGS):
            for file, (ending, metadata) in zip(files, _METADATA.items(), strict=True):
                with replacing(file) as opened:
                    figure.savefig(opened, format=ending, metadata=metadata)
    finally:
        plt.close(figure)
    return files


def colours(titles: Sequence[str]) -> list[str]:
    """A colour for each title: that of its method if it names one, else the next of the cycle."""
    spare = (colour for colour in COLOURS if colour not in map(own_colour, titles))
    return [own_colour(title) or next(spare) for title in titles]


def own_colour(title: str) -> str | None:
    """The colour of the method that is a title's first word; None for a method without a role."""
    role = _ROLES.get(title.lower().replace(",", " ").split()[0] if title.split() else "")
    return PALETTE[role] if role else None


def footnote(figure: Figure, text: str) -> None:
    """A small note under a figure of `TEXT_WIDTH`, broken into lines that fit."""
    figure.supxlabel(textwrap.fill(text, 130), fontsize=6.5, x=0.01, ha="left")
