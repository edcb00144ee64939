"""Figures: their declarations, and the files they are drawn from. No torch, no matplotlib.

A figure is one file of fame/report/figures. It contains `FIGURE = Figure(...)`, whose arguments are
literals: they are read here without running the file, because its drawing code takes seconds to
import. The workflow, the page, `fame plan` and the list of names reserved from tables all use them.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from fame.config.datasets import Synthetic
from fame.config.scale import Scale
from fame.config.tables import COMPARISON
from fame.core.errors import FameError
from fame.core.registry import check_name, constructed, names, source_of
from fame.pipeline.claims import about_own_tables, primary_claims, results_of
from fame.pipeline.experiments import Experiments, result_file
from fame.pipeline.paths import BIAS, Places
from fame.pipeline.runs import AbsentEncoder, data_id

PACKAGE = "fame.report.figures"

_BELOW = Places(Path())

Files = dict[str, list[Path]]
"""By title (of an encoder or a dataset): files below `results/<scale>`, one per seed."""


@dataclass(frozen=True)
class Figure:
    """The declaration of a figure.

    Attributes:
        title: its heading; `Figure 1: ...` for a figure of the paper.
        caption: what it shows.
        alt: a description for readers who cannot see the picture.
        needs: the kind of files it is drawn from, a key of `NEEDS`.
        settings: parts of the scale that it depends on, as dotted keys; a change redraws it.
        measured: whether a .csv with its numbers is written beside the picture.
        columns: columns of the .csv that the page shows, each with its heading.
        first: a column and a value: the page shows the rows with this value and folds the others.
    """

    title: str
    caption: str
    alt: str
    needs: str
    settings: tuple[str, ...] = ()
    measured: bool = True
    columns: Mapping[str, str] = field(default_factory=dict)
    first: tuple[str, str] | None = None

    @property
    def in_paper(self) -> bool:
        """Whether it is a figure of the paper, not one of our own."""
        return self.title.startswith("Figure ")

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of the files that it is written to."""
        return (".png", ".pdf", ".csv") if self.measured else (".png", ".pdf")

    def texts(self, scale: Scale) -> list[str]:
        """The parts of a scale that it depends on, as JSON; equal texts give equal figures.

        Raises:
            FameError: the scale has no such part.
        """
        return [scale.section(*keys.split(".")) for keys in self.settings]


@cache
def declared() -> dict[str, Figure]:
    """Every figure by name, sorted.

    Raises:
        FameError: a file of the package has no declaration, or one that is not made of literals.
    """
    return {name: read(source_of(PACKAGE, name)) for name in names(PACKAGE)}


def figure(name: str) -> Figure:
    """A figure's declaration.

    Raises:
        FameError: there is no such figure.
    """
    check_name(PACKAGE, name)
    return declared()[name]


def read(file: Path) -> Figure:
    """The declaration in a figure's file, which is parsed, not run.

    Raises:
        FameError: no declaration, or an argument that is not a literal, missing or unknown.
    """
    declaration = constructed(file, "FIGURE", Figure)
    if declaration.needs not in NEEDS:
        near = difflib.get_close_matches(declaration.needs, NEEDS, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise FameError(
            f"{file}: there is no {declaration.needs!r} to draw a figure from; {hint}choose one of "
            f"{', '.join(NEEDS)}"
        )
    return declaration


def sources(experiments: Experiments, name: str) -> Files:
    """The files that a figure is drawn from; none if the scale cannot make it.

    Raises:
        FameError: no such figure, or the tables' folder does not say which encoders it compares.
        AbsentEncoder: it compares weights that do not exist.
    """
    by_title = NEEDS[figure(name).needs](experiments, name)
    return {title: paths for title, paths in by_title.items() if paths}


def possible(experiments: Experiments) -> list[str]:
    """The figures that a scale makes; none if the tables' folder has no figures file.

    A figure of the comparison is one of them if the scale measures every row; the target
    `comparison` makes it at any. A figure that compares absent weights counts as possible: making
    it gives the proper error.
    """
    if experiments.figures is None:
        return []
    left_out = {COMPARISON} if experiments.scale.rows == "core" else set()
    chosen = (name for name, figure in declared().items() if figure.needs not in left_out)
    return [name for name in chosen if _is_possible(experiments, name)]


def of_comparison(experiments: Experiments) -> list[str]:
    """The figures that the target `comparison` makes beside its tables."""
    drawn = (name for name, figure in declared().items() if figure.needs == COMPARISON)
    return [name for name in drawn if _is_possible(experiments, name)]


def files(experiments: Experiments, *suffixes: str) -> list[str]:
    """The files, with one of the suffixes such as `.csv`, of the figures that a scale can make."""
    return [
        name + suffix
        for name in possible(experiments)
        for suffix in declared()[name].suffixes
        if suffix in suffixes
    ]


def _is_possible(experiments: Experiments, name: str) -> bool:
    try:
        return bool(sources(experiments, name))
    except AbsentEncoder:
        return True


def _activation_maps(experiments: Experiments, name: str) -> Files:
    scale = experiments.scale
    dataset = scale.evaluate.activation.dataset
    return {
        arm.title: [
            _BELOW.evaluation(run.id, data_id(scale, dataset, run.seed)) / "activation.npz"
            for run in arm.runs
        ]
        for arm in experiments.arms(name)
    }


def _temporal_kernels(experiments: Experiments, name: str) -> Files:
    """Encoders of architectures that declare to have temporal kernels of their own."""
    backbones = experiments.scale.backbones
    return {
        arm.title: [_BELOW.encoder(run.id) for run in arm.runs]
        for arm in experiments.arms(name)
        if backbones[arm.runs[0].backbone].encoder.temporal_kernels
    }


def _bias_probes(experiments: Experiments, name: str) -> Files:
    return {
        arm.title: [
            _BELOW.evaluations / result_file(experiments.scale, run, dataset, "bias")
            for dataset in experiments.bias_datasets()
            for run in arm.runs
        ]
        for arm in experiments.arms(name)
    }


def _comparison(experiments: Experiments, name: str) -> Files:
    """The bias probes of every encoder that the tables of the comparison measure, once each.

    A title is the first shown value of its row, a method, and its backbone.
    """
    backbones, datasets = experiments.scale.backbones, experiments.bias_datasets()
    seen: set[str] = set()
    by_title: Files = {}
    for table in experiments.comparison.values():
        for cell in experiments.cells([table.name]):
            method = next(iter(table.rows[cell.row].show.values()))
            title = f"{method}, {backbones[cell.runs[0].backbone].title}"
            for run in (run for run in cell.runs if run.id not in seen):
                seen.add(run.id)
                files = (result_file(experiments.scale, run, data, BIAS) for data in datasets)
                by_title.setdefault(title, []).extend(_BELOW.evaluations / file for file in files)
    return by_title


def _mask_quality(experiments: Experiments, name: str) -> Files:
    """Generated videos only: the true foreground of real ones is unknown."""
    scale = experiments.scale
    dataset = scale.evaluate.masks.dataset
    if not isinstance(scale.datasets[dataset], Synthetic):
        return {}
    worlds = [data_id(scale, dataset, seed) for seed in scale.seeds]
    return {dataset: [_BELOW.data(world) / "mask_quality.csv" for world in worlds]}


def _training_pair(experiments: Experiments, name: str) -> Files:
    """From the first dataset that is pretrained on."""
    return _example(experiments, next(iter(experiments.scale.pretrain.epochs)), "training_pair")


def _masked_clips(experiments: Experiments, name: str) -> Files:
    return _example(experiments, experiments.scale.evaluate.activation.dataset, "masked_clips")


def _example(experiments: Experiments, dataset: str, kind: str) -> Files:
    """Examples from a dataset, or from the first seed's world if it is generated."""
    scale = experiments.scale
    return {dataset: [_BELOW.data(data_id(scale, dataset, scale.seeds[0])) / f"{kind}.npz"]}


def _results(experiments: Experiments, name: str) -> Files:
    results = experiments.results(experiments.tables)
    return {"results": [_BELOW.evaluations / file for file in results]}


def _claims(experiments: Experiments, name: str) -> Files:
    """The claims are about the project's own tables only."""
    return _results(experiments, name) if about_own_tables(experiments) else {}


def _primary_claims(experiments: Experiments, name: str) -> Files:
    """Of the primary claims only, so that a study can be judged before the rest is measured."""
    results = results_of(experiments, primary_claims(experiments))
    return {"results": [_BELOW.evaluations / file for file in results]}


NEEDS: dict[str, Callable[[Experiments, str], Files]] = {
    "activation maps": _activation_maps,
    "temporal kernels": _temporal_kernels,
    "bias probes": _bias_probes,
    "mask quality": _mask_quality,
    "training pair": _training_pair,
    "masked clips": _masked_clips,
    "results": _results,
    "claims": _claims,
    "primary claims": _primary_claims,
    COMPARISON: _comparison,
}
"""Kinds of files that a figure can be drawn from; each function lists them for a figure name."""
