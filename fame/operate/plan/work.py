"""What each job does: on how many videos, and by which pieces of work, which `--check` tries."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fame.config.normalisation import needed
from fame.config.scale import Scale
from fame.operate.plan.counts import Counts
from fame.operate.plan.jobs import Job
from fame.pipeline.experiments import Experiments, Run, digest, plugin_digest, split_data_id
from fame.pipeline.steps import RULES, Load
from fame.pipeline.tasks import epochs_tested

Verb = Literal[
    "world", "index", "prepare", "pretrain", "finetune", "features", "altered", "probe",
    "retrieval", "activation", "masks",
]  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """Something that jobs do to one video after another, and that can be tried.

    Attributes:
        verb: `features` is the frozen network on a video's test clips, `altered` the same with the
            bias probes' conditions, `probe` one epoch of a linear layer on features.
        what: method and merging, for pretraining.
        settings: a digest of what else tells pretrainings apart; "" for other work.
        run: an example of the runs that do it; None for what needs no run.
    """

    verb: Verb
    what: str
    backbone: str
    dataset: str
    settings: str
    run: Run | None = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """For example `pretrain moco fame r2plus1d kinetics400`."""
        return " ".join(filter(None, (self.verb, self.what, self.backbone, self.dataset)))


@dataclass(frozen=True)
class Amount:
    """How often a job does a piece: once for each of so many videos, epochs multiplied."""

    piece: Piece
    videos: float


@dataclass(frozen=True)
class Task:
    """A job as the plan counts it.

    Attributes:
        data: the data instance that it makes or uses.
        what: method and merging; "" where it makes no difference.
        backbone: key of the scale's; "" for jobs that use no encoder.
        dataset: key of the scale's; "" for none.
        amounts: the work that takes its time, beyond starting.
        gpus: that it takes.
        threads: that it takes at most.
        known: whether the amounts cover all of its work; a download's duration is unknown.
        run: the run that it makes or uses.
    """

    job: Job
    data: str | None
    what: str
    backbone: str
    dataset: str
    amounts: tuple[Amount, ...]
    gpus: int
    threads: int
    known: bool = True
    run: Run | None = field(default=None, compare=False, repr=False)

    @property
    def kind(self) -> tuple[str, str, str, str]:
        """Jobs of one kind cost the same."""
        return self.job.rule, self.what, self.backbone, self.dataset

    @property
    def videos(self) -> float:
        """All its work, whatever the piece."""
        return sum(one.videos for one in self.amounts)


def _load(rule: str) -> Load:
    """What a rule's jobs take; little, if it is not one of the workflow's."""
    return RULES[rule].load if rule in RULES else "short"


def described(run: Run) -> str:
    """A run's method and merging in a few words."""
    method = Path(run.method).stem
    if run.source is not None:
        return f"weights {run.weights}"
    options = run.recipe.get("pretrain", {}).get("options", {})
    words = [method, *(str(value) for value in options.values() if isinstance(value, str))]
    if run.merge is not None:
        words += [Path(run.merge.mask).stem]
        words += ["both"] if run.merge.merged_views == "both" else []
        words += ["intra"] if run.merge.background == "intra" else []
    return " ".join(words)


class Works:
    """Turns jobs into tasks.

    Args:
        experiments: the scale and its runs.
        counts: videos of a data instance.
    """

    def __init__(self, experiments: Experiments, counts: Callable[[str], Counts]) -> None:
        self._experiments, self._scale, self._counts = experiments, experiments.scale, counts

    def task(self, job: Job) -> Task:
        """What a job does."""
        run = self._experiments.run(job.run) if job.run else None
        data = job.data or (run.data_id(self._scale) if run else None)
        dataset = split_data_id(self._scale, data)[0] if data else ""
        found = self._amounts(job.rule, run, data)
        return Task(
            job=job,
            data=data,
            run=run,
            what=described(run) if run and job.rule == "pretrain" else "",
            backbone=run.backbone if run else "",
            dataset=dataset,
            amounts=found or (),
            gpus=self._gpus(job.rule, run),
            threads=1 if _load(job.rule) == "short" else self._scale.resources.threads,
            known=found is not None,
        )

    def _amounts(self, rule: str, run: Run | None, data: str | None) -> tuple[Amount, ...] | None:
        """The work of a rule's job; None if nothing says how much work it is."""
        if data is not None:
            dataset = split_data_id(self._scale, data)[0]
            return _Amounts(self._scale, run, dataset, self._counts(data)).of(rule)
        small = rule in RULES and not RULES[rule].timed
        return () if small or rule == "pretrain" else None

    def _gpus(self, rule: str, run: Run | None) -> int:
        """As the rules have it: all of a job's for training a run, else one at most."""
        resources, load = self._scale.resources, _load(rule)
        gpus = resources.nodes * resources.gpus
        if load == "training" and run is not None and run.pretrain:
            return gpus
        return min(1, gpus) if load in {"training", "encoding"} else 0


@dataclass(frozen=True)
class _Amounts:
    """The work of the jobs of one run on one data instance."""

    scale: Scale
    run: Run | None
    dataset: str
    counts: Counts

    def of(self, rule: str) -> tuple[Amount, ...] | None:
        """What a rule's job does; None if nothing says how much work it is."""
        make: dict[str, Callable[[], list[Amount]]] = {
            "world": self._world,
            "index": self._index,
            "index_originals": self._index,
            "prepare": self._prepare,
            "gather": list,
            "pretrain": self._pretrain,
            "features": self._features,
            "finetune": self._finetune,
            "linear": self._probe,
            "bias": self._probe,
            "retrieval": self._retrieval,
            "activation": self._activation,
            "mask_quality": self._masks,
        }
        return tuple(make[rule]()) if rule in make else None

    @property
    def _evaluate(self) -> Any:
        return self.scale.evaluate

    def _piece(self, verb: Verb, what: str = "", settings: str = "") -> Piece:
        backbone = self.run.backbone if self.run else ""
        return Piece(verb, what, backbone, self.dataset, settings, self.run)

    def _simple(self, verb: Verb, videos: float) -> Amount:
        return Amount(self._piece(verb), videos)

    def _world(self) -> list[Amount]:
        return [self._simple("world", self.counts.every)]

    def _index(self) -> list[Amount]:
        return [self._simple("index", self.counts.every)]

    def _prepare(self) -> list[Amount]:
        """Copies of one shard's videos."""
        prepare = self.scale.datasets[self.dataset].model_dump(mode="json")["prepare"]
        return [self._simple("prepare", self.counts.every / prepare["shards"])]

    def _trained(self, batch: int) -> int:
        """Training videos that an epoch of whole batches shows."""
        return self.counts.train // batch * batch

    def _pretrain(self) -> list[Amount]:
        run = self.run
        if run is None or run.pretrain is None:
            return []
        settings = {
            "plugins": plugin_digest(run.method),
            "mask": plugin_digest(run.merge.mask) if run.merge else None,
            "options": run.recipe["pretrain"]["options"],
            "merge": run.merge.model_dump(mode="json", exclude={"beta"}) if run.merge else None,
        }
        piece = self._piece("pretrain", described(run), digest(settings))
        epochs = int(run.recipe["pretrain"]["epochs"])
        return [Amount(piece, self._trained(self.scale.pretrain.batch) * epochs)]

    def _features(self) -> list[Amount]:
        colours, found, bias = len(needed(self.scale)), self.counts, self._evaluate.bias
        if bias is None or not found.test:
            return [self._simple("features", found.usable * colours)]
        return [
            self._simple("features", (found.usable - found.test) * colours),
            self._simple("altered", found.test),
        ]

    def _finetune(self) -> list[Amount]:
        settings = self._evaluate.finetune
        shown, epochs = self._trained(settings.batch), settings.epochs
        tests = len(epochs_tested(epochs)) if settings.report == "best-on-test" else 1
        return [
            self._simple("finetune", shown * epochs),
            self._simple("features", self.counts.test * tests),
        ]

    def _probe(self) -> list[Amount]:
        """Epochs of a linear layer, for each candidate rate and for the chosen one."""
        settings = self._evaluate.linear
        candidates = len(settings.lrs) if len(settings.lrs) > 1 else 0
        fits = 1 + candidates * (1 - settings.holdout)
        return [self._simple("probe", self.counts.train * settings.epochs * fits)]

    def _retrieval(self) -> list[Amount]:
        return [self._simple("retrieval", self.counts.test)]

    def _activation(self) -> list[Amount]:
        return [self._simple("activation", self.counts.test)]

    def _masks(self) -> list[Amount]:
        return [self._simple("masks", self.counts.usable)]


def pieces(tasks: Iterable[Task]) -> list[Piece]:
    """The distinct pieces of work of some jobs."""
    return list(dict.fromkeys(one.piece for task in tasks for one in task.amounts))
