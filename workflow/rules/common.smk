"""Configuration and look-ups; no rules here.

`EXPERIMENTS` is the active scale with its tables and knows every run; `DECLARED` has the figures.
The functions below only turn their answers into files and parameters of rules. Where results are is
described in fame/pipeline/paths.py; the tables and figures of a scale are copied to results/.
"""

import json
import shlex
import sys
from pathlib import Path

from fame.config.reading import check_keys
from fame.config.workflow import Workflow
from fame.core.errors import FameError
from fame.core.processes import mark_children
from fame.operate import hooks
from fame.pipeline.code import code_of, code_of_rule
from fame.pipeline.experiments import Experiments
from fame.pipeline.runs import dataset_plugin, split_data_id
from fame.pipeline.paths import BIAS, features_file
from fame.pipeline import figures, tasks

# Of this file: workflow.basedir is another's if this workflow is a module of it.
HOME = Path(str(workflow.current_basedir)).parents[1]
ENVIRONMENT = "../../environment.yml"

try:
    check_keys(config, Workflow.model_fields, "config")
    TABLES = Path(config.get("tables") or HOME / "config" / "tables")
    EXPERIMENTS = Experiments(str(config["scale"]), TABLES)
    DECLARED = figures.declared()
except FameError as error:
    raise WorkflowError(str(error)) from None

SCALE = EXPERIMENTS.scale
ROOT = f"results/{SCALE.name}"


def word(value):
    """A value quoted as one word of a shell command, with braces escaped for Snakemake."""
    return shlex.quote(str(value)).replace("{", "{{").replace("}", "}}")


def accepted_terms(value):
    """The datasets whose terms are accepted, joined by commas; --config gives a string."""
    return ",".join(value) if isinstance(value, (list, tuple)) else str(value or "")


# In every shell command, python3 is the interpreter that runs Snakemake, whether or not its
# environment is activated, and variables hold what the configuration names. Jobs fill their logs.
hooks.prefix_shell(
    f"PATH={word(Path(sys.executable).parent)}:$PATH "
    f"SCALE={word(config['scale'])} "
    f"TABLES={word(TABLES)} "
    f"SOURCES={word(config.get('sources') or HOME / 'config' / 'datasets.yaml')} "
    f"ACCEPTED={word(accepted_terms(config.get('accept_terms')))}; "
    "export FAME_JOB_LOG=1; "
)

# Marks every process of this workflow, so that processes left by a killed workflow are recognised.
mark_children(Path.cwd())

# A limit set by the user or a profile (--resources gpu=8) wins. By default one job may take all
# GPUs that the scale asks for, and no two jobs share one.
GPUS = SCALE.resources.nodes * SCALE.resources.gpus
if GPUS:
    workflow.global_resources.setdefault("gpu", GPUS)

# Resources of rules. A short job that failed starts over and gets more with each attempt. A job
# that decodes or trains resumes where it stopped, with the same resources.
SHORT = {
    "mem_mb": lambda wildcards, attempt: attempt * SCALE.resources.short.mem_mb,
    "runtime": lambda wildcards, attempt: attempt * SCALE.resources.short.runtime,
}
HEAVY = {"mem_mb": SCALE.resources.mem_mb, "runtime": SCALE.resources.runtime}
ON_GPU = HEAVY | {"gpu": min(1, SCALE.resources.gpus)}


wildcard_constraints:
    run=r"[A-Za-z0-9_-]+",
    data=r"[A-Za-z0-9_-]+",
    table="|".join(sorted(EXPERIMENTS.every_table)),


def code(rule):
    """The digest of a short rule's code, so that editing the code makes the rule stale."""
    return lambda wildcards: code_of_rule(rule)


def version(task):
    """The version numbers of a task, for jobs so long that edits of code must not repeat them."""
    return literal(json.dumps(tasks.versions_of(task)))


def below(folder, files):
    """Paths of files in a folder."""
    return [f"{folder}/{file}" for file in files]


def literal(value):
    """A parameter with literal braces; in a plain string they would be wildcards."""
    return lambda wildcards: value


def settings(*path):
    """A part of the scale as text, so that a rule depends on this part only."""
    return literal(SCALE.section(*path))


def settings_of_data(wildcards):
    """A data instance's entry in the scale as text, and the hash of its plug-in file, if any."""
    dataset = split_data_id(SCALE, wildcards.data)[0]
    plugin = dataset_plugin(SCALE, dataset)
    return [SCALE.section("datasets", dataset), *plugin.values()]


def sources_of_figure(wildcards):
    """The files that a figure is drawn from."""
    sources = figures.sources(EXPERIMENTS, wildcards.figure)
    return [f"{ROOT}/{file}" for files in sources.values() for file in files]


def code_of_figure(wildcards):
    """The digest of the code that draws a figure."""
    return code_of(f"fame.report.figures.{wildcards.figure}")


def shown_in_report(path):
    """A picture that `snakemake --report` shows, with its caption."""
    return report(
        path,
        caption="../report/figure.rst",
        category=lambda w: "Figures" if DECLARED[w.figure].in_paper else "Claims and measures",
        labels=lambda w: {"picture": DECLARED[w.figure].title, "scale": SCALE.name},
    )


def is_world(data):
    """Whether a data instance is a generated mini world."""
    return split_data_id(SCALE, data)[1] is not None


def world_of(wildcards):
    """The mini world of a data instance; none for real videos."""
    return f"{ROOT}/data/{wildcards.data}/world" if is_world(wildcards.data) else []


def manifest_of(data):
    """The manifest of a data instance; none if there is no data (an untrained encoder)."""
    return f"{ROOT}/data/{data}/manifest.parquet" if data else []
