"""The jobs that a target needs and those that are done, as Snakemake reports them."""

import difflib
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fame.config.tables import FIGURES
from fame.core.errors import FameError
from fame.pipeline.experiments import AbsentEncoder, Experiments
from fame.pipeline.steps import RULES

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
    """What a target comes to.

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
        target: `all`, a table's name, a figure's such as `figure1`, or a path in `results/`.

    Raises:
        FameError: no such table or figure.
    """
    if target.startswith("results/"):
        path = Path(target)
        own = path.parent == Path("results") and path.stem in experiments.tables
        return _without_absent(experiments, [path.stem] if own else [], (target,))
    if target == ALL:
        return _without_absent(experiments, list(experiments.tables), (ALL,))
    if target in experiments.tables:
        return _without_absent(experiments, [target], (f"results/{target}.csv",))
    if target in FIGURES:
        return Wanted((f"results/{target}.png",), ())
    if target == "report":
        return Wanted(("results/report.html",), ())
    known = [ALL, "report", *experiments.tables, *FIGURES]
    close = difflib.get_close_matches(target, known, 1)
    hint = f"; did you mean {close[0]!r}?" if close else f" (known: {', '.join(known)})"
    raise FameError(f"there is nothing to plan called {target!r}{hint}")


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
    config = [f"scale={scale}"]
    if tables.resolve() != (HOME / "config" / "tables").resolve():
        config.append(f"tables={tables}")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(HOME / "Snakefile")]
    command += ["--directory", str(place), "--cores", "1", "--nolock", "--summary", *files]
    done = subprocess.run(
        [*command, "--config", *config], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise FameError(f"{', '.join(files)}: Snakemake cannot plan it ({_reason(done.stderr)})")
    return collected(line.split("\t") for line in done.stdout.splitlines()[1:])


def _reason(text: str) -> str:
    """What Snakemake said last, without its headlines."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    heads = [n for n, line in enumerate(lines) if re.match(r"\w*(Exception|Error)\b.*:?$", line)]
    told = lines[heads[-1] :] if heads else lines[-1:]
    return " ".join(told)[:500]


def collected(rows: Iterable[list[str]]) -> list[Job]:
    """One job for all output files of a job, which is done if all of them are."""
    found: dict[tuple[str, str | None, str | None, str], bool] = {}
    for file, _, rule, _, _, plan in rows:
        run, data, name = _parts(rule, file)
        key = (rule, run, data, name)
        found[key] = found.get(key, True) and plan == _DONE
    return [Job(*key, done=done) for key, done in found.items()]


def _parts(rule: str, file: str) -> tuple[str | None, str | None, str]:
    """Run, data instance and name that an output file's path holds."""
    known = RULES.get(rule)
    found = (known.wildcards(file.removeprefix("results/")) if known else None) or {}
    if "shard" in found:
        return None, found["data"], f"{found['shard']}-of-{found['shards']}"
    if "run" in found or "data" in found:
        return found.get("run"), found.get("data"), ""
    return None, None, str(Path(file).with_suffix(""))
