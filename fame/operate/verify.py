"""Detect changed results: recompute what files record about each other. No torch.

Checked: encoders against the SHA-256 of their cards; cards against the manifests that they were
trained on; the manifests' videos; results against their predictions; tables against results; the
published tables against the scale's. Not recorded, so not checked: videos' contents, features.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from fame.config.reading import load_scale
from fame.core.cards import ENCODER, verified
from fame.core.errors import FameError
from fame.core.files import read_json
from fame.data.manifest import OK, Manifest
from fame.evaluate.features.store import Features
from fame.evaluate.results import read_result
from fame.pipeline.experiments import Experiments
from fame.pipeline.paths import Places
from fame.pipeline.steps import RULES
from fame.pipeline.tasks import OF_TABLES
from fame.report.tables.build import SUFFIXES, build, csv_text

TOLERANCE = 1e-9
"""Percentage points by which a recomputed accuracy may differ."""


@dataclass
class Findings:
    """The outcome of a check.

    Attributes:
        changes: a sentence for each changed file.
        notes: a sentence for each file that could not be checked.
        checked: number of checked files by kind.
    """

    changes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """One line for the end."""
        counts = ", ".join(f"{number} {kind}" for kind, number in self.checked.items())
        return f"checked: {counts or 'nothing'}; {len(self.changes)} changed"


def verify(results: Path, scales: Iterable[str], tables: Path) -> Findings:
    """Check every scale below a folder of results.

    Args:
        results: the folder.
        scales: files of scales outside config/scales.
        tables: the folder of table files.

    Raises:
        FameError: there is no such folder, or nothing to check in it.
    """
    results = results.resolve()
    roots = sorted({path.parents[2] for path in results.glob("*/*/*/*") if path.is_file()})
    if not roots:
        raise FameError(f"{results}: there are no results; make some first")
    named = {load_scale(scale).name: scale for scale in scales}
    findings = Findings()
    for root in roots:
        for kind, rule, ending, check in CHECKS:
            _each(findings, kind, _made(root, rule, ending), check)
        _tables(findings, root, results, named.get(root.name, root.name), tables)
    if not findings.checked and not findings.notes:
        raise FameError(
            f"{results}: there is nothing to check; give the folder with a folder per "
            "scale (`results`), after making some results"
        )
    return findings


def _each(
    findings: Findings, kind: str, paths: list[Path], check: Callable[[Path], Iterator[str]]
) -> None:
    for path in paths:
        findings.checked[kind] = findings.checked.get(kind, 0) + 1
        try:
            findings.changes += list(check(path))
        except FameError as error:
            findings.changes.append(str(error))


def _encoder(path: Path) -> Iterator[str]:
    """An encoder against its card."""
    verified(path)
    yield from ()


def _card(path: Path) -> Iterator[str]:
    """A card against its encoder's presence and the manifest that the encoder was trained on."""
    card = read_json(path)
    if not path.with_name(ENCODER).is_file():
        yield f"{path} describes an encoder that is gone"
    if not card.get("data_fingerprint"):
        return
    manifest = Places(path.parents[2]).manifest(str(card["data"]))
    if not manifest.is_file():
        yield f"{manifest}, which {path} was trained on, is gone"
    elif Manifest.read(manifest).select("train").fingerprint() != card["data_fingerprint"]:
        yield f"{manifest} is not what {path} was trained on (its fingerprint differs)"


def _manifest(path: Path) -> Iterator[str]:
    """A manifest's usable videos, on disk."""
    manifest = Manifest.read(path)
    root = (
        path.parents[4] / manifest.root
    )  # absolute for datasets, else relative to the working folder
    usable = manifest.table["path"][manifest.table["status"] == OK].unique()
    gone = [name for name in usable if not (root / name).is_file()]
    if gone:
        yield f"{path}: {len(gone)} of {len(usable)} videos are gone (first {root / gone[0]})"


def _features(path: Path) -> Iterator[str]:
    """Check that features are readable and finite."""
    Features.load(path)
    yield from ()


def _result(path: Path) -> Iterator[str]:
    """A result against the predictions or neighbours beside it."""
    result = read_result(path)
    place = f"{result['run']}/{result['data']}/{result['task']}.json"
    if not str(path).endswith(place):
        yield f"{path} says that it is {place}"
    predictions = path.with_suffix(".parquet")
    try:
        table = pd.read_parquet(predictions)
    except (OSError, ValueError) as error:
        yield f"{predictions} cannot be read ({error}); evaluate again"
        return
    for metric, value in _accuracies(table).items():
        said = result["metrics"].get(metric)
        if said is not None and abs(said - value) > TOLERANCE:
            yield f"{path}: {metric} is {said}, but {predictions.name} beside it gives {value}"


def _accuracies(table: pd.DataFrame) -> dict[str, float]:
    """A result's metrics recomputed from its predictions or neighbours, in percent."""
    if {"label", "prediction"} <= set(table.columns):
        return {"top1": 100 * float((table["label"] == table["prediction"]).mean())}
    if "first_hit" in table.columns:
        hits = table["first_hit"]
        ranks = (1, 5, 10, 20, 50)
        return {f"r{k}": 100 * float(((hits > 0) & (hits <= k)).mean()) for k in ranks}
    return {}


CHECKS: tuple[tuple[str, str, str, Callable[[Path], Iterator[str]]], ...] = (
    ("encoders", "pretrain", ".safetensors", _encoder),
    ("cards", "pretrain", ".json", _card),
    ("manifests", "index", ".parquet", _manifest),
    ("features", "features", ".npz", _features),
    *(("results", task, ".json", _result) for task in OF_TABLES),
)
"""The kind of file, the rule that makes it, its suffix, and its check."""


def _made(root: Path, rule: str, ending: str) -> list[Path]:
    """A scale's existing products of a rule with a given suffix."""
    patterns = [file for file in RULES[rule].products if file.endswith(ending)]
    globs = [re.sub(r"\{\w+\}", "*", file.removeprefix("{scale}/")) for file in patterns]
    return sorted(file for pattern in globs for file in root.glob(pattern))


def _tables(findings: Findings, root: Path, results: Path, scale: str, tables: Path) -> None:
    """A scale's tables against its results, and the published copies against them."""
    places = Places(root)
    present = sorted(places.tables.glob("*.csv"))
    files = [file for file in present if not file.name.endswith(".partial.csv")]
    if not files:
        return
    try:
        experiments = Experiments(scale, tables)
    except FameError:
        findings.notes.append(
            f"{places.tables} was not checked: {root.name} is not in config/scales; give its "
            "file with --scale"
        )
        return

    def check(path: Path) -> Iterator[str]:
        frame = build(experiments, path.stem, places.evaluations)
        if csv_text(frame) != path.read_text(encoding="utf-8"):
            yield f"{path} differs from what the results and the table's file give now"

    _each(findings, "tables", files, check)
    _each(findings, "published tables", _published(files, results, root.name), _copy_of(root))


def _published(files: list[Path], results: Path, scale: str) -> list[Path]:
    """The copies in `results/` that are of this scale."""
    copies = [results / file.name for file in files]
    return [copy for copy in copies if copy.is_file() and _says(copy, scale)]


def _says(copy: Path, scale: str) -> bool:
    try:
        return str(pd.read_csv(copy, nrows=1).get("scale", pd.Series([""])).iloc[0]) == scale
    except (ValueError, IndexError):
        return False


def _copy_of(root: Path) -> Callable[[Path], Iterator[str]]:
    tables = Places(root).tables

    def check(path: Path) -> Iterator[str]:
        for suffix in SUFFIXES:
            copy, original = path.with_suffix(suffix), tables / f"{path.stem}{suffix}"
            if not copy.is_file() or copy.read_bytes() != original.read_bytes():
                yield f"{copy} is not the copy of {original}"

    return check
