"""The jobs that a target needs, which of them are done, and the run and data of each."""

import difflib
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fame.config.scale import Scale
from fame.config.tables import COMPARISON, FIGURES
from fame.core.errors import FameError
from fame.pipeline.experiments import Experiments
from fame.pipeline.runs import AbsentEncoder, Run, split_data_id
from fame.pipeline.steps import RULES, Load

HOME = Path(__file__).resolve().parents[3]
"""The checkout, which holds the Snakefile."""

ALL = "all"
_DONE = "no update"


@dataclass(frozen=True)
class Job:
    """One job of the workflow.

    Attributes:
        rule: its rule.
        run: the run that it makes or uses; None for none.
        data: the data instance that it makes or uses; None for none.
        name: distinguishes it from other jobs of its rule, run and data; "" if it is the only one.
        done: whether Snakemake would leave it alone.
    """

    rule: str
    run: str | None
    data: str | None
    name: str
    done: bool


@dataclass(frozen=True)
class Wanted:
    """The Snakemake targets of a plan.

    Attributes:
        files: targets of Snakemake.
        left_out: a sentence for each table that cannot be planned.
    """

    files: tuple[str, ...]
    left_out: tuple[str, ...]


def wanted(experiments: Experiments, target: str) -> Wanted:
    """The files that a target means.

    Tables whose finished weights are absent are left out, which Snakemake would refuse, and with
    them, of `all`, what needs every table.

    Args:
        experiments: a scale and its tables.
        target: `all`, `comparison`, `report`, a table's name, a figure's such as `figure1`, each
            also as a file (`table5.csv`), or a path in `results/`.

    Raises:
        FameError: no such table or figure.
    """
    if target.startswith("results/"):
        path = Path(target)
        own = path.parent == Path("results") and path.stem in experiments.every_table
        return _without_absent(experiments, [path.stem] if own else [], (target,))
    if target == ALL:
        return _without_absent(experiments, list(experiments.tables), (ALL,))
    if target == COMPARISON and experiments.comparison:
        return _without_absent(experiments, list(experiments.comparison), (COMPARISON,))
    if target in experiments.every_table:
        return _without_absent(experiments, [target], (f"results/{target}.csv",))
    single = {"report": "results/report.html", **{name: f"results/{name}.png" for name in FIGURES}}
    if target in single:
        return Wanted((single[target],), ())
    name, dot, _ = target.partition(".")
    if dot and (name in experiments.every_table or name in single):
        return wanted(experiments, f"results/{target}")
    raise _unknown(experiments, target)


def _unknown(experiments: Experiments, target: str) -> FameError:
    """The refusal of a target, with the nearest name."""
    whole = [COMPARISON, *experiments.comparison] if experiments.comparison else []
    known = [ALL, "report", *experiments.tables, *whole, *FIGURES]
    close = difflib.get_close_matches(target, known, 1)
    hint = f"; did you mean {close[0]!r}?" if close else f" (known: {', '.join(known)})"
    return FameError(f"there is nothing to plan called {target!r}{hint}")


def all_wanted(experiments: Experiments, targets: Sequence[str]) -> Wanted:
    """The files that some targets mean together; `all` if there is no target.

    Raises:
        FameError: see `wanted`.
    """
    found = [wanted(experiments, target) for target in targets or (ALL,)]
    files = dict.fromkeys(file for one in found for file in one.files)
    left_out = dict.fromkeys(reason for one in found for reason in one.left_out)
    return Wanted(tuple(files), tuple(left_out))


def _without_absent(
    experiments: Experiments, tables: Sequence[str], files: tuple[str, ...]
) -> Wanted:
    good, reasons = [], []
    for table in tables:
        try:
            experiments.results([table])
            good.append(f"results/{table}.csv")
        except AbsentEncoder as error:
            reasons.append(f"{error} ({table} is left out of this plan)")
    return Wanted(tuple(good), tuple(reasons)) if reasons else Wanted(files, ())


def jobs(scale: str, tables: Path, files: Sequence[str], place: Path = Path()) -> list[Job]:
    """Every job behind some targets, each once, done or not.

    Args:
        scale: as Snakemake's `--config scale=`.
        tables: the folder of table files.
        files: targets of Snakemake; none gives no job.
        place: the folder that holds `results/`.

    Raises:
        FameError: Snakemake cannot plan the target.
    """
    if not files:
        return []
    # Snakemake works in `place`, where a relative path would name another file.
    named = Path(scale).resolve() if Path(scale).is_file() else scale
    config = [f"scale={named}"]
    if tables.resolve() != (HOME / "config" / "tables").resolve():
        config.append(f"tables={tables.resolve()}")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(HOME / "Snakefile")]
    command += ["--directory", str(place), "--cores", "1", "--nolock", "--summary", *files]
    done = subprocess.run(
        [*command, "--config", *config], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise FameError(f"{', '.join(files)}: Snakemake cannot plan it ({_reason(done.stderr)})")
    return collected(line.split("\t") for line in done.stdout.splitlines()[1:])


def _reason(text: str) -> str:
    """Snakemake's last error message, without its heading."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    heads = [n for n, line in enumerate(lines) if re.match(r"\w*(Exception|Error)\b.*:?$", line)]
    reason = lines[heads[-1] :] if heads else lines[-1:]
    return " ".join(reason)[:500]


def collected(rows: Iterable[list[str]]) -> list[Job]:
    """One job for all output files of a job, which is done if all of them are."""
    done_by_job: dict[tuple[str, str | None, str | None, str], bool] = {}
    for file, _, rule, _, _, plan in rows:
        run, data, name = _parts(rule, file)
        key = (rule, run, data, name)
        done_by_job[key] = done_by_job.get(key, True) and plan == _DONE
    return [Job(*key, done=done) for key, done in done_by_job.items()]


def _parts(rule: str, file: str) -> tuple[str | None, str | None, str]:
    """Run, data instance and name that an output file's path holds."""
    rule_paths = RULES.get(rule)
    wildcards = (rule_paths.wildcards(file.removeprefix("results/")) if rule_paths else None) or {}
    if "shard" in wildcards:
        return None, wildcards["data"], f"{wildcards['shard']}-of-{wildcards['shards']}"
    if "run" in wildcards or "data" in wildcards:
        return wildcards.get("run"), wildcards.get("data"), ""
    return None, None, str(Path(file).with_suffix(""))


Kind = tuple[str, str, str, str]
"""Rule, method with merging, backbone, dataset: jobs that share them cost the same."""


@dataclass(frozen=True)
class Task:
    """A job with its run, data and resources.

    Attributes:
        job: as listed by Snakemake.
        run: the run that it makes or uses; None for none.
        data: the data instance that it makes or uses, that of a pretraining included.
        method: a pretraining's method and merging; "" for other jobs, as their cost does not
            depend on it.
        backbone: key of the scale's; "" for jobs that use no encoder.
        dataset: key of the scale's; "" for none.
        gpus: that it takes.
        threads: that it takes at most.
    """

    job: Job
    run: Run | None
    data: str | None
    method: str
    backbone: str
    dataset: str
    gpus: int
    threads: int

    @property
    def kind(self) -> Kind:
        """Jobs of one kind cost the same."""
        return self.job.rule, self.method, self.backbone, self.dataset


def task_of(experiments: Experiments, job: Job) -> Task:
    """A job with its run, data and resources.

    Args:
        experiments: the scale that it belongs to, and its runs.
        job: one of `jobs`.
    """
    scale = experiments.scale
    run = experiments.run(job.run) if job.run else None
    data = job.data or (run.data_id(scale) if run else None)
    load: Load = RULES[job.rule].load if job.rule in RULES else "short"
    return Task(
        job=job,
        run=run,
        data=data,
        method=described(run) if run and job.rule == "pretrain" else "",
        backbone=run.backbone if run else "",
        dataset=split_data_id(scale, data)[0] if data else "",
        gpus=_gpus(scale, load, run),
        threads=1 if load == "short" else scale.resources.threads,
    )


def _gpus(scale: Scale, load: Load, run: Run | None) -> int:
    """As the rules have it: all of a job's for training a run, else one at most."""
    gpus = scale.resources.nodes * scale.resources.gpus
    if load == "training" and run is not None and run.pretrain:
        return gpus
    return min(1, gpus) if load in {"training", "encoding"} else 0


def described(run: Run) -> str:
    """A run's method and merging in a few words, such as `moco fame intra`."""
    if run.source is not None:
        return f"weights {run.weights}"
    options = run.recipe.get("pretrain", {}).get("options", {})
    words = [Path(run.method).stem]
    words += [str(value) for value in options.values() if isinstance(value, str)]
    if run.merge is not None:
        words += [Path(run.merge.mask).stem]
        words += ["both"] if run.merge.merged_views == "both" else []
        words += ["intra"] if run.merge.background == "intra" else []
    return " ".join(words)
