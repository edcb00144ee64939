"""Paces that ship with the project: what jobs took where it was measured, for who has run none yet.

config/paces.json holds the mean of finished jobs, each with a digest of all settings that decide
its cost. A pace is used for jobs of exactly these settings and for no others, so a time is measured
or unknown here too. `python -m benchmarks.paces` writes the file.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.core.files import read_json
from fame.operate.plan.estimate import History, Measured
from fame.operate.plan.jobs import HOME, Kind, Task
from fame.pipeline.runs import digest
from fame.pipeline.tasks import TASKS, settings_of

FILE = HOME / "config" / "paces.json"

Pace = tuple[Kind, str]
"""A kind of jobs and the digest of its settings."""


@dataclass(frozen=True)
class Paces:
    """Jobs that were measured elsewhere.

    Attributes:
        where: the machine, in words.
        when: the day, as 2026-11-28.
        measured: what such jobs took.
    """

    where: str
    when: str
    measured: Mapping[Pace, Measured]

    @property
    def source(self) -> str:
        """What a time rests on, in words."""
        return f"the paces shipped with the project, measured on {self.where} ({self.when})"


NONE = Paces("no machine", "never", {})


def shipped(file: Path = FILE) -> Paces:
    """The paces of the project; none if the file is absent.

    Raises:
        FameError: the file is broken.
    """
    if not file.is_file():
        return NONE
    try:
        content = read_json(file)
        measured = {_pace(row): _measured(row) for row in content["paces"]}
        return Paces(content["where"], content["when"], measured)
    except (KeyError, TypeError) as error:
        raise FameError(f"{file}: not a file of paces ({error}); restore it from git") from None


def _pace(row: Mapping[str, Any]) -> Pace:
    return (row["rule"], row["method"], row["backbone"], row["dataset"]), row["settings"]


def _measured(row: Mapping[str, Any]) -> Measured:
    encoder = row.get("encoder")
    return Measured(row["jobs"], row["seconds"], row["host_mib"], encoder=encoder)


def written(paces: Paces) -> str:
    """The content of the file, a line for each pace."""
    rows = []
    for (kind, settings), one in sorted(paces.measured.items()):
        names = dict(zip(("rule", "method", "backbone", "dataset"), kind, strict=True))
        row = names | {"settings": settings, "jobs": one.jobs, "seconds": round(one.seconds, 1)}
        row |= {"host_mib": round(one.host_mib)} | ({"encoder": one.encoder} if one.encoder else {})
        rows.append("  " + json.dumps(row))
    head = json.dumps({"where": paces.where, "when": paces.when}).removesuffix("}")
    return head + ', "paces": [\n' + ",\n".join(rows) + "\n]}\n"


def completed(finished: History, tasks: Iterable[Task], scale: Scale, paces: Paces) -> History:
    """Finished jobs and, for kinds of which none is finished, the paces of such jobs elsewhere.

    Args:
        finished: what was measured here, which always wins.
        tasks: all jobs.
        scale: theirs.
        paces: of the project.
    """
    foreign: dict[Kind, Measured] = {}
    for task in tasks:
        if task.kind not in finished.by_kind and task.kind not in foreign:
            found = paces.measured.get(pace_of(scale, task))
            foreign |= {task.kind: found} if found else {}
    return History(finished.by_kind | foreign, finished.devices, frozenset(foreign))


def pace_of(scale: Scale, task: Task) -> Pace:
    """A job's kind, and the digest of the settings that decide how long it takes."""
    resources = scale.resources
    machine = {"threads": task.threads, "gpus": task.gpus, "nodes": resources.nodes}
    return task.kind, digest(machine | _settings(scale, task))


def _settings(scale: Scale, task: Task) -> dict[str, Any]:
    """All of a scale that decides a job's cost, but the seed."""
    rule, evaluate = task.job.rule, scale.evaluate.model_dump(mode="json")
    data = json.loads(scale.section("datasets", task.dataset)) if task.dataset else None
    settings: dict[str, Any] = {"data": data, "max_short_side": scale.max_short_side}
    if task.run is not None:
        # A new version changes what a result means; what is the same work keeps its pace.
        whole = task.run.recipe.items()
        trained = rule == "pretrain"
        settings["recipe"] = {
            key: value
            for key, value in whole
            if (key not in {"seed", "version"} if trained else key == "backbone")
        }
    if rule == "pretrain":
        settings["monitor"] = scale.pretrain.monitor.model_dump(mode="json")
    elif rule in TASKS:
        settings["task"] = settings_of(scale, rule)
    if rule in TASKS or rule in {"features", "conditions"}:
        settings |= {key: evaluate[key] for key in ("clips", "crop")}
    if rule == "conditions":
        settings["bias"] = evaluate["bias"]
    return settings
