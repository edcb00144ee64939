"""Figure 4: one frame and what each mask variant keeps of it, on white. Also the contact sheet."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from fame.config.scale import Scale
from fame.core.files import shown
from fame.evaluate.masks.pictures import Bytes, Masked, read_masked
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import Figure
from fame.report.overlay import on_white
from fame.report.style import TEXT_WIDTH, save, style

FIGURE = Figure(
    title="Figure 4: mask variants",
    caption="The foreground that each mask variant keeps of a clip; the rest is white.",
    alt="A row for each clip: a frame, then what the variants Gauss, Seed, Grid and FAME keep of "
    "it on white.",
    needs="masked clips",
    settings=("pretrain.merge.beta",),
    measured=False,
)

NAMES = {"gauss": "Gauss", "seed": "Seed", "grid": "Grid", "fame": "FAME"}
"""The paper's names of its variants."""

_TITLE = 0.16  # inches
_FOOT = 0.35


def write(examples: Sequence[Masked], path: Path, caption: str = "") -> list[Path]:
    """Draw a row for each example and write it as .png and .pdf.

    Args:
        examples: at least one, all with the same variants.
        path: without its ending.
        caption: text below the figure, if any.

    Returns:
        The two files.
    """
    with style():
        return save(figure(examples, caption), path)


def caption(scale: Scale, dataset: str, beta: float) -> str:
    """The caption of a scale's videos."""
    title = scale.datasets[dataset].title if dataset in scale.datasets else dataset
    return (
        f"{title}, scale {scale.name}: the middle frame of a clip and the clip's mask by each "
        f"variant at beta {beta:g} (Gauss is soft and ignores it); what is masked is white."
    )


def figure(examples: Sequence[Masked], caption: str = "") -> Drawing:
    """Rows of examples, columns of frame and variants, left to right as in the paper.

    Args:
        examples: at least one, all with the same variants.
        caption: text below the figure, if any.
    """
    columns = ["Frame", *(NAMES.get(name, name) for name in examples[0].masks)]
    shapes = [example.frame.shape for example in examples]
    heights = [TEXT_WIDTH / len(columns) * tall / wide + _TITLE for tall, wide, _ in shapes]
    drawn, grid = plt.subplots(
        len(examples),
        len(columns),
        squeeze=False,
        figsize=(TEXT_WIDTH, sum(heights) + _FOOT),
        gridspec_kw={"height_ratios": heights},
    )
    for axes, example in zip(grid, examples, strict=True):
        kept = [on_white(example.frame, mask) for mask in example.masks.values()]
        for axis, picture in zip(axes, [example.frame, *kept], strict=True):
            _show(axis, picture)
        _name(axes[0], example.title)
    for axis, column in zip(grid[-1], columns, strict=True):
        axis.set_xlabel(column)
    if caption:
        drawn.supxlabel(fill(caption, 135), fontsize=6.5, x=0.01, ha="left")
    return drawn


def _name(axis: Axes, title: str) -> None:
    """A row's title, which may reach over the next columns but must not widen its own."""
    axis.set_title(" ", fontsize=6, pad=2)  # keeps the room
    text = axis.annotate(
        shown(title), (0, 1), (0, 2), "axes fraction", "offset points", fontsize=6, va="bottom"
    )
    text.set_parse_math(False)  # a file's name may hold dollars
    text.set_in_layout(False)


def _show(axis: Axes, picture: Bytes) -> None:
    axis.imshow(picture)
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():  # white on white paper has no edge of its own
        spine.set(visible=True, color="0.85", linewidth=0.4)


def make(experiments: Experiments, files: Mapping[str, Sequence[Path]], out: Path) -> None:
    """Draw the clips that `fame masked-clips` wrote.

    Args:
        experiments: gives the scale.
        files: the masked clips of a dataset.
        out: the .png; a .pdf goes beside it.
    """
    ((file, *_), *_) = files.values()
    examples, dataset = read_masked(file)
    scale = experiments.scale
    write(examples, out, caption(scale, dataset, scale.pretrain.merge.beta))
