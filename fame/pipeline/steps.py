"""The workflow, described once: a row per rule, and a scale's jobs with their files.

The rules in workflow/rules do the work. Everything else that needs to know them uses this module:
`fame evaluate`, `status`, `verify`, `plan`, the cost of a table, the reasons for missing results. A
test compares the rows with Snakemake's own jobs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fame.config.datasets import Prepare, Synthetic
from fame.config.scale import Scale
from fame.core.cards import CARD, ENCODER
from fame.pipeline.paths import BIAS, MANIFEST, Places, features_file
from fame.pipeline.runs import Run, data_id, split_data_id
from fame.pipeline.tasks import OF_TABLES, TASKS, WITH_CONFUSION, Task, normalisations_of

Subject = Literal["data", "run", "evaluation", "scale"]
"""The subject of a job: a data instance, a run, a run on a data instance, or the whole scale."""

Load = Literal["training", "encoding", "decoding", "short"]
"""Resources of a job: `training` takes all GPUs and threads of the scale, `encoding` one GPU and
all threads, `decoding` all threads, `short` one thread."""

DataKind = Literal["any", "generated", "real", "original", "prepared"]
"""The data instances that a rule applies to: `generated` worlds; `real` datasets; `prepared`
datasets, which are read from small copies; `original` ones, which are not."""


@dataclass(frozen=True)
class Rule:
    """One rule of the workflow.

    Paths are templates below `results/`: `{scale}` is the scale's name, `{features}` each name of
    features that the scale needs, and anything else in braces a wildcard of the rule.

    Attributes:
        name: the name of the rule, its command and its log.
        title: a job's name for readers.
        subject: what a job is about.
        folder: the folder of all its files.
        files: the files it makes, all of them required.
        needs: the rules whose products it reads, even those that apply only to other data.
        load: the threads and GPUs that it uses.
        data: the data instances that it applies to.
        stem: stem of its log and benchmark file; its name by default.
        kept: files beside its log that must survive a failure.
        timed: whether Snakemake records time and memory; jobs that take a second are not timed.
    """

    name: str
    title: str
    subject: Subject
    folder: Path
    files: tuple[str, ...]
    needs: tuple[str, ...] = ()
    load: Load = "short"
    data: DataKind = "any"
    stem: str = ""
    kept: tuple[str, ...] = ()
    timed: bool = True

    @property
    def products(self) -> tuple[str, ...]:
        """Templates of its products."""
        return tuple(str(self.folder / file) for file in self.files)

    @property
    def logs(self) -> tuple[str, ...]:
        """Templates of its log, first, and of the files kept beside it."""
        names = (f"{self.stem or self.name}.log", *self.kept)
        return tuple(str(self.folder / name) for name in names)

    @property
    def benchmark(self) -> str | None:
        """The template of its benchmark file, if it has one."""
        name = f"{self.stem or self.name}.benchmark.tsv"
        return str(self.folder / name) if self.timed else None

    def products_of(self, scale: Scale) -> tuple[str, ...]:
        """Templates of its products at a scale, with `{features}` filled in."""
        templates: list[str] = []
        for product in self.products:
            names = normalisations_of(scale) if "{features}" in product else ("",)
            templates += [product.replace("{features}", name) for name in names]
        return tuple(templates)

    def wildcards(self, path: str) -> dict[str, str] | None:
        """The wildcards with which the rule makes a file below `results/`; None if it does not."""
        for product in self.products:
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(product))
            match = re.fullmatch(pattern, path)
            if match:
                return match.groupdict()
        return None


_AT = Places(Path("{scale}"))
_DATA, _RUN, _EVALUATION = _AT.data("{data}"), _AT.run("{run}"), _AT.evaluation("{run}", "{data}")


_MANIFEST = ("index", "gather")
"""The rules that make a manifest: of the original videos, or of small copies."""


def _task(name: str, task: Task) -> Rule:
    """The rule of a task: its result, and files beside it."""
    videos = ("world", *_MANIFEST) if task.on_worlds else _MANIFEST
    encoded = ("features", "conditions") if BIAS in task.features else ("features",)
    return Rule(
        name,
        f"{name} on {{data}}",
        "evaluation",
        _EVALUATION,
        tuple(f"{name}{suffix}" for suffix in (".json", *task.files)),
        encoded if task.features else ("pretrain", *videos),
        "short" if task.features else "encoding",
    )


def _gathered(name: str, stem: str, suffixes: str, *needs: str, folder: Path = _AT.figures) -> Rule:
    """A rule for a table, figure or page of the whole scale; one file per suffix."""
    files = tuple(f"{stem}.{suffix}" for suffix in suffixes.split())
    return Rule(name, stem, "scale", folder, files, needs, stem=stem, timed=False)


def _copied(name: str, suffixes: str, *needs: str) -> Rule:
    """A rule that copies a scale's product to `results/`."""
    files = tuple(f"{{name}}.{suffix}" for suffix in suffixes.split())
    log = str(_AT.root / "published" / "{name}")
    return Rule(name, "copy of {name}", "scale", Path(), files, needs, stem=log, timed=False)


def _example(name: str) -> Rule:
    """A rule that makes a data instance's examples for a figure."""
    return Rule(
        name, f"{name} of {{data}}", "data", _DATA, (f"{name}.npz",), _MANIFEST, timed=False
    )


_PAGE = ("table", "figure", "picture", "claims", "pretrain", *OF_TABLES)

_ROWS = (
    Rule("world", "world of {data}", "data", _DATA, ("world",), data="generated"),
    Rule("source", "source of {data}", "data", _DATA, ("source.json",), data="real"),
    Rule(
        "index",
        "index of {data}",
        "data",
        _DATA,
        (MANIFEST,),
        ("world", "source"),
        load="decoding",
        data="original",
        kept=("quarantine.csv",),
    ),
    Rule(
        "index_originals",
        "index of {data}",
        "data",
        _DATA,
        ("originals.parquet",),
        ("source",),
        load="decoding",
        data="prepared",
        stem="index",
        kept=("quarantine.csv",),
    ),
    Rule(
        "prepare",
        "copies {shard}-of-{shards} of {data}",
        "data",
        _DATA / "prepared",
        ("{shard}-of-{shards}.json",),
        ("index_originals",),
        load="decoding",
        data="prepared",
        stem="{shard}-of-{shards}",
    ),
    Rule(
        "gather",
        "gathered copies of {data}",
        "data",
        _DATA,
        (MANIFEST, "prepared.json"),
        ("index_originals", "prepare"),
        data="prepared",
    ),
    Rule(
        "pretrain",
        "pretraining",
        "run",
        _RUN,
        (ENCODER, CARD),
        _MANIFEST,
        load="training",
    ),
    Rule(
        "features",
        "features of {data}",
        "evaluation",
        _EVALUATION,
        (features_file("{features}"),),
        ("pretrain", *_MANIFEST),
        load="encoding",
    ),
    Rule(
        "conditions",
        "altered clips of {data}",
        "evaluation",
        _EVALUATION,
        (features_file(BIAS),),
        ("pretrain", "world", *_MANIFEST),
        load="encoding",
    ),
    *(_task(name, task) for name, task in TASKS.items()),
    Rule(
        "mask_quality",
        "mask quality of {data}",
        "data",
        _DATA,
        ("mask_quality.csv",),
        ("world", "index"),
        data="generated",
    ),
    _example("training_pair"),
    _example("masked_clips"),
    _gathered(
        *("figure", "{figure}", "png pdf csv"),
        *("activation", "pretrain", "mask_quality", *OF_TABLES),
    ),
    _gathered("picture", "{figure}", "png pdf", "training_pair", "masked_clips"),
    _gathered("claims", "{figure}", "png pdf csv md", *OF_TABLES),
    _gathered("confusion", "confusion", "done", *WITH_CONFUSION),
    _gathered("table", "{table}", "csv md tex html", *OF_TABLES, folder=_AT.tables),
    _gathered("report", "report", "html", *_PAGE, folder=_AT.root),
    _copied("publish", "csv md tex", "table"),
    _copied("publish_figure", "png pdf csv", "figure", "claims"),
    _copied("publish_picture", "png pdf", "picture"),
    _copied("publish_report", "html", "report"),
)

RULES = {rule.name: rule for rule in _ROWS}
"""Every rule by name, in the order of the pipeline."""


@dataclass(frozen=True)
class Step:
    """One job of the workflow, with its files.

    Attributes:
        rule: its rule.
        what: its name for readers, with the data if it has any.
        products: its files, all of them required.
        log: the job's output; empty or absent if all went well or it has not run.
        benchmark: its time and memory; None for jobs that are not timed.
        needs: the steps before it.
    """

    rule: str
    what: str
    products: tuple[Path, ...]
    log: Path
    benchmark: Path | None
    needs: tuple["Step", ...]

    def every(self) -> Iterator["Step"]:
        """All steps before this one (repeated if needed more than once), then this one."""
        for before in self.needs:
            yield from before.every()
        yield self


class Steps:
    """The steps of one scale.

    Args:
        scale: the scale.
        root: the path of `results/<scale>`.
    """

    def __init__(self, scale: Scale, root: Path) -> None:
        self._scale, self._root = scale, root

    def result(self, run: Run, dataset: str, task: str) -> Step:
        """The evaluation of a run on a dataset: by a task, `features` or `conditions`."""
        return self._step(RULES[task], run, {"data": data_id(self._scale, dataset, run.seed)})

    def pretraining(self, run: Run) -> Step:
        """The step that makes a run's encoder."""
        return self._step(RULES["pretrain"], run, {})

    def step(self, rule: str, run: Run | None, data: str | None, part: str = "") -> Step:
        """The step of any rule about a run or a data instance.

        Args:
            rule: its name.
            run: for rules about one.
            data: the data instance, likewise.
            part: `shard-of-shards`, of the rule that makes copies.
        """
        shard, _, shards = part.partition("-of-")
        wildcards = {"data": data or "", "shard": shard, "shards": shards}
        return self._step(RULES[rule], run, {k: v for k, v in wildcards.items() if v})

    def _step(self, rule: Rule, run: Run | None, wildcards: dict[str, str]) -> Step:
        """A job of a rule, with its files and all steps before it."""
        named = wildcards | ({"run": run.id} if run else {})
        benchmark = self._path(rule.benchmark, named) if rule.benchmark else None
        return Step(
            rule=rule.name,
            what=rule.title.format(**named),
            products=tuple(self._path(file, named) for file in rule.products_of(self._scale)),
            log=self._path(rule.logs[0], named),
            benchmark=benchmark,
            needs=tuple(self._needs(rule, run, wildcards.get("data"))),
        )

    def _path(self, template: str, named: dict[str, str]) -> Path:
        return self._root.parent / template.format(scale=self._root.name, **named)

    def _needs(self, rule: Rule, run: Run | None, data: str | None) -> Iterator[Step]:
        """The steps whose products a job reads."""
        if rule.subject == "run" and run is not None:
            data = run.data_id(self._scale)
        for name in rule.needs:
            needed = RULES[name]
            if needed.subject == "run":
                yield self._step(needed, run, {})
            elif data is not None and applies(needed, self._scale, data):
                own = run if needed.subject == "evaluation" else None
                for wildcards in self._parts(needed, data):
                    yield self._step(needed, own, wildcards)

    def _parts(self, rule: Rule, data: str) -> Iterator[dict[str, str]]:
        """The wildcards of a rule's jobs on a data instance: one job, or one per shard."""
        prepare = _prepare(self._scale, data)
        if rule.name != "prepare" or prepare is None:
            yield {"data": data}
            return
        for shard in range(prepare.shards):
            yield {"data": data, "shard": str(shard), "shards": str(prepare.shards)}


def applies(rule: Rule, scale: Scale, data: str) -> bool:
    """Whether a rule applies to a data instance."""
    generated = split_data_id(scale, data)[1] is not None
    prepared = _prepare(scale, data) is not None
    return {
        "any": True,
        "generated": generated,
        "real": not generated,
        "prepared": prepared,
        "original": not prepared,
    }[rule.data]


def _prepare(scale: Scale, data: str) -> Prepare | None:
    """Settings of the small copies of a data instance; None if the originals are read."""
    entry = scale.datasets[split_data_id(scale, data)[0]]
    return None if isinstance(entry, Synthetic) else entry.prepare
