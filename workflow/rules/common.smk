"""Configuration and look-ups; no rules here.

`EXPERIMENTS` is the active scale with its tables and knows every run; `DECLARED` holds the
figures. The functions below only turn their answers into files and parameters of rules:

    results/<scale>/data/<data>/manifest.parquet      a dataset, indexed
    results/<scale>/pretrain/<run>/encoder.safetensors
    results/<scale>/evaluate/<run>/<data>/<task>.json
    results/<scale>/tables/<table>.csv                and results/<table>.csv, its copy
    results/<scale>/figures/<figure>.png              and results/<figure>.png, its copy
"""

import json
import shlex
import sys
from pathlib import Path

from fame.config.reading import check_keys
from fame.core.errors import FameError
from fame.core.processes import mark_children
from fame.operate import hooks
from fame.pipeline.code import code_of, code_of_rule
from fame.pipeline.experiments import Experiments, dataset_plugin, split_data_id
from fame.pipeline.paths import features_file
from fame.pipeline import figures, tasks

HOME = Path(workflow.basedir)
ENVIRONMENT = "../../environment.yml"

try:
    check_keys(config, {"scale", "tables", "accept_terms", "sources"}, "config")
    TABLES = Path(config.get("tables") or HOME / "config" / "tables")
    EXPERIMENTS = Experiments(str(config["scale"]), TABLES)
    DECLARED = figures.declared()
except FameError as error:
    raise WorkflowError(str(error)) from None

SCALE = EXPERIMENTS.scale
ROOT = f"results/{SCALE.name}"


def word(value):
    """A value as one word of a shell command that Snakemake formats first."""
    return shlex.quote(str(value)).replace("{", "{{").replace("}", "}}")


def accepted_terms(value):
    """The datasets whose terms are accepted, by commas: a list, or a text from --config."""
    return ",".join(value) if isinstance(value, (list, tuple)) else str(value or "")


# Every shell command finds the interpreter that runs Snakemake first on the path, activated or
# not, and in variables what the configuration names.
shell.prefix(
    f"PATH={word(Path(sys.executable).parent)}:$PATH "
    f"SCALE={word(config['scale'])} "
    f"TABLES={word(TABLES)} "
    f"SOURCES={word(config.get('sources') or HOME / 'config' / 'datasets.yaml')} "
    f"ACCEPTED={word(accepted_terms(config.get('accept_terms')))}; "
)

# Marks every process of this workflow, to recognise those that a killed workflow left.
mark_children(Path.cwd())

# A limit that the user or a profile sets (--resources gpu=8) stands; else one job may take all that
# the scale asks for, and no two jobs share a GPU.
GPUS = SCALE.resources.nodes * SCALE.resources.gpus
if GPUS:
    workflow.global_resources.setdefault("gpu", GPUS)

# What a rule asks for. A short job that failed starts over and gets more with each attempt. One
# that decodes or trains resumes where it stopped, and may have asked for all that a machine has.
SHORT = {
    "mem_mb": lambda wildcards, attempt: attempt * SCALE.resources.short.mem_mb,
    "runtime": lambda wildcards, attempt: attempt * SCALE.resources.short.runtime,
}
HEAVY = {"mem_mb": SCALE.resources.mem_mb, "runtime": SCALE.resources.runtime}
ON_GPU = HEAVY | {"gpu": min(1, SCALE.resources.gpus)}


wildcard_constraints:
    run=r"[A-Za-z0-9_-]+",
    data=r"[A-Za-z0-9_-]+",
    table="|".join(sorted(EXPERIMENTS.tables)),


def code(rule):
    """The digest of a short rule's code, so that editing the code makes the rule stale."""
    return lambda wildcards: code_of_rule(rule)


def version(task):
    """The numbers that code is known by where an edit must not cost hours, or days."""
    return literal(json.dumps(tasks.versions_of(task)))


def below(folder, files):
    """Files that are named from a folder."""
    return [f"{folder}/{file}" for file in files]


def literal(value):
    """A parameter in which braces are braces; in a plain text they would be wildcards."""
    return lambda wildcards: value


def settings(*path):
    """A part of the scale as text: what a rule depends on, and nothing else of the scale."""
    return literal(SCALE.section(*path))


def settings_of_data(wildcards):
    """The scale's entry of a data instance, as text, and the hash of a file that it names."""
    dataset = split_data_id(SCALE, wildcards.data)[0]
    plugin = dataset_plugin(SCALE, dataset)
    return [SCALE.section("datasets", dataset), *plugin.values()]


def sources_of_figure(wildcards):
    """The files that a figure is drawn from."""
    found = figures.sources(EXPERIMENTS, wildcards.figure)
    return [f"{ROOT}/{file}" for files in found.values() for file in files]


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
    """The mini world behind a data instance; none for real videos."""
    return f"{ROOT}/data/{wildcards.data}/world" if is_world(wildcards.data) else []


def manifest_of(data):
    """The manifest of a data instance; none for the data of an untrained encoder."""
    return f"{ROOT}/data/{data}/manifest.parquet" if data else []
