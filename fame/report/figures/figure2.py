"""Figure 2: a pair from a real training step, laid out like the paper's.

Two clips of one video and a donor on the left; FAME puts the first clip's foreground on the
donor; both views, after their colour changes, go through the encoder and attract each other.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import FancyBboxPatch, Polygon

from fame.config.scale import Scale
from fame.evaluate.masks.pictures import Floats, TrainingPair, read_pair
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import Figure
from fame.report.style import PALETTE, TEXT_WIDTH, save, style

FIGURE = Figure(
    title="Figure 2: a training pair",
    caption="A pair of the first training step: the foreground of one clip, by FAME's mask, on "
    "the background of another video, and both views as the encoder gets them.",
    alt="A diagram from left to right: the donor and two clips of one video as stacked frames, the "
    "binary mask, foreground and background cut out, the merged clip, the two views after "
    "their colour changes, two encoders and two features that attract each other.",
    needs="training pair",
    settings=("pretrain.merge",),
    measured=False,
)

_WIDTH, _HEIGHT = 69.0, 30.5  # of the drawing, in tenths of an inch
_SIDE, _SHIFT, _STACK = 5.6, 0.9, 3  # of a frame; from one to the next; how many are stacked
_SOURCE, _CUT, _MERGED, _VIEW, _ENCODER, _FEATURE = 1.0, 13.0, 28.5, 39.5, 52.0, 64.5
_TOP, _MIDDLE, _BOTTOM = 22.0, 12.0, 2.0


def write(pair: TrainingPair, path: Path, caption: str) -> list[Path]:
    """Draw the pair and write it as .png and .pdf.

    Args:
        pair: from a real training step.
        path: without its ending.
        caption: text below the figure.

    Returns:
        The two files.
    """
    with style():
        return save(figure(pair, caption), path)


def caption(scale: Scale, dataset: str, pair: TrainingPair) -> str:
    """The caption of a pair of a scale's dataset."""
    title = scale.datasets[dataset].title if dataset in scale.datasets else dataset
    merge = scale.pretrain.merge
    source = "another video of the group" if merge.background == "inter" else "the other clip"
    return (
        f"A pair of {title} in the first training step, scale {scale.name}: video {pair.video}, "
        f"mask {Path(merge.mask).stem}, beta {merge.beta:g}, background from {source}. Shown are "
        "the first, middle and last frame of each clip, cropped and flipped as drawn, before mean "
        "and standard deviation are taken out."
    )


def figure(pair: TrainingPair, caption: str) -> Drawing:
    """The pipeline with the pair's own pictures in it.

    Args:
        pair: from a real training step.
        caption: text below the figure.
    """
    drawn = plt.figure(figsize=(TEXT_WIDTH, TEXT_WIDTH * _HEIGHT / _WIDTH + 0.45))
    axis = drawn.subplots()
    axis.set(xlim=(0, _WIDTH), ylim=(0, _HEIGHT), aspect="equal")
    axis.axis("off")
    _sources(axis, pair)
    _merging(axis, pair)
    _branches(axis, pair)
    drawn.supxlabel(fill(caption, 135), fontsize=6.5, x=0.01, ha="left")
    return drawn


def _sources(axis: Axes, pair: TrainingPair) -> None:
    _film(axis, pair.donor, _SOURCE, _TOP, "donor $Y$")
    _film(axis, pair.first, _SOURCE, _MIDDLE, "clip 1, $X$")
    _film(axis, pair.second, _SOURCE, _BOTTOM, "clip 2, same video")


def _merging(axis: Axes, pair: TrainingPair) -> None:
    """Masks in the middle, what they let through of clip and donor, and their sum."""
    weights = pair.mask[None, :, :, None]
    still = np.repeat(pair.mask[None, :, :, None], 3, axis=3)
    _film(axis, still, _CUT, _MIDDLE, r"mask $\widetilde{M}$", stack=1)
    right = _CUT + _SIDE + 1.6
    _film(axis, pair.first * weights + 1 - weights, right, _MIDDLE, r"$X\otimes\widetilde{M}$", 1)
    kept = pair.donor * (1 - weights) + weights
    _film(axis, kept, right, _TOP, r"$Y\otimes(1-\widetilde{M})$", stack=1)
    _film(axis, pair.merged, _MERGED, _TOP, "")
    axis.text(_MERGED + _stacked() / 2, _TOP + 7.2, "merged", ha="center", fontsize=6.5)
    start = _SOURCE + _stacked()
    _arrow(axis, (start, _MIDDLE + _SIDE / 2), (_CUT, _MIDDLE + _SIDE / 2), "FAME")
    _arrow(axis, (_CUT + _SIDE, _MIDDLE + _SIDE / 2), (right, _MIDDLE + _SIDE / 2))
    _arrow(axis, (start, _TOP + _SIDE / 2), (right, _TOP + _SIDE / 2))
    _arrow(axis, (right + _SIDE, _TOP + _SIDE / 2), (_MERGED, _TOP + _SIDE / 2), "+")
    _arrow(axis, (right + _SIDE, _MIDDLE + _SIDE / 2), (_MERGED + _SIDE / 2, _TOP - 0.2))


def _branches(axis: Axes, pair: TrainingPair) -> None:
    """From the clips to their views, encoders and features."""
    second = "merge, colour" if pair.both else "colour"
    branches = (
        (_TOP, pair.first_view, _MERGED + _stacked(), "colour"),
        (_BOTTOM, pair.second_view, _SOURCE + _stacked(), second),
    )
    for low, view, start, change in branches:
        height = low + _SIDE / 2
        _arrow(axis, (start, height), (_VIEW, height), change)
        _film(axis, view, _VIEW, low, "view")
        _arrow(axis, (_VIEW + _stacked(), height), (_ENCODER, height))
        _encoder(axis, low)
        _arrow(axis, (_ENCODER + 8, height), (_FEATURE, height))
        _feature(axis, low)
    place, height = _FEATURE + 0.75, (_TOP + _BOTTOM + 6) / 2
    _arrow(axis, (place, _TOP - 0.3), (place, _BOTTOM + 6.3), style="<->")
    axis.text(place - 0.8, height, "attract", rotation=90, ha="right", va="center", fontsize=7)


def _stacked() -> float:
    """Width of a stack of frames."""
    return _SIDE + (_STACK - 1) * _SHIFT


def _film(
    axis: Axes, clip: Floats, left: float, low: float, title: str, stack: int = _STACK
) -> None:
    """Frames from the clip's start, middle and end, the first in front."""
    numbers = np.rint(np.linspace(0, len(clip) - 1, stack)).astype(int)
    for place in reversed(range(stack)):
        x, y = left + place * _SHIFT, low + place * _SHIFT * 0.5
        picture = np.clip(clip[numbers[place]], 0, 1)
        axis.imshow(picture, extent=(x, x + _SIDE, y, y + _SIDE), zorder=3 - place * 0.1)
        edge = [(x, y), (x + _SIDE, y), (x + _SIDE, y + _SIDE), (x, y + _SIDE)]
        axis.add_patch(
            Polygon(edge, fill=False, edgecolor="0.3", linewidth=0.4, zorder=3.05 - place * 0.1)
        )
    axis.text(left + _SIDE / 2, low - 0.4, title, ha="center", va="top", fontsize=6.5)


def _encoder(axis: Axes, low: float) -> None:
    corners = [(0, 0), (8, 1.5), (8, 4.5), (0, 6)]
    points = [(_ENCODER + x, low - 0.2 + y) for x, y in corners]
    axis.add_patch(Polygon(points, facecolor=PALETTE["accent"], edgecolor="none", alpha=0.5))
    axis.text(_ENCODER + 4, low + 2.8, "3D encoder", ha="center", va="center", fontsize=7)


def _feature(axis: Axes, low: float) -> None:
    place = (_FEATURE, low - 0.2)
    shape = FancyBboxPatch(
        place, 1.5, 6, boxstyle="square,pad=0", facecolor=PALETTE["fame"], edgecolor="none"
    )
    axis.add_patch(shape)


def _arrow(
    axis: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    label: str = "",
    style: str = "->",
) -> None:
    look = {"arrowstyle": style, "color": "0.4", "shrinkA": 2, "shrinkB": 2}
    axis.annotate("", xy=end, xytext=start, arrowprops=look)
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + 0.4
    axis.text(*middle, label, ha="center", va="bottom", fontsize=7)


def make(experiments: Experiments, files: Mapping[str, Sequence[Path]], out: Path) -> None:
    """Draw the pair that `fame training-pair` wrote.

    Args:
        experiments: gives the scale.
        files: the pair of the dataset that is trained on.
        out: the .png; a .pdf goes beside it.
    """
    ((file, *_), *_) = files.values()
    pair, dataset = read_pair(file)
    write(pair, out, caption(experiments.scale, dataset, pair))
