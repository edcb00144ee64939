"""Configuration and look-ups; no rules here.

Reads the active scale and the tables through `fame.pipeline.experiments`, which knows every run. The
rules below only turn its answers into files:

    results/<scale>/data/<data>/manifest.parquet      a dataset, indexed
    results/<scale>/pretrain/<run>/encoder.safetensors
    results/<scale>/evaluate/<run>/<data>/<task>.json
    results/<scale>/tables/<table>.csv                and results/<table>.csv, its copy
"""

import json
import shlex
import sys
from pathlib import Path

from fame.config.reading import check_keys
from fame.core.errors import FameError
from fame.config.normalisation import needed
from fame.pipeline.experiments import Experiments, data_id, result_file, split_data_id
from fame.core.processes import mark_children
from fame.operate.workplace import occupy

HOME = Path(workflow.basedir)
TABLES = HOME / "config" / "tables"
SOURCES = HOME / "config" / "datasets.yaml"


def accepted_terms(value):
    """The datasets whose terms are accepted, by commas: a list, or a text from --config."""
    return ",".join(value) if isinstance(value, (list, tuple)) else str(value or "")


try:
    check_keys(config, {"scale", "tables", "accept_terms", "sources"}, "config")
    EXPERIMENTS = Experiments(str(config["scale"]), Path(config.get("tables") or TABLES))
except FameError as error:
    raise WorkflowError(str(error)) from None

SCALE = EXPERIMENTS.scale


def word(value):
    """A value as one word of a shell command that Snakemake formats first."""
    return shlex.quote(str(value)).replace("{", "{{").replace("}", "}}")


# What every shell command may lean on: the interpreter that runs Snakemake comes first on the
# path, activated or not, and what the configuration names is at hand, quoted.
shell.prefix(
    f"PATH={word(Path(sys.executable).parent)}:$PATH "
    f"SCALE={word(config['scale'])} "
    f"TABLES={word(config.get('tables') or TABLES)} "
    f"SOURCES={word(config.get('sources') or SOURCES)} "
    f"ACCEPTED={word(accepted_terms(config.get('accept_terms')))}; "
)

# All that this process starts can be told from what a killed workflow left behind.
mark_children(Path.cwd())

ROOT = f"results/{SCALE.name}"

# A limit that the user or a profile sets (--resources gpu=8) stands; else one job may take all that
# the scale asks for, and no two jobs share a GPU.
GPUS = SCALE.resources.nodes * SCALE.resources.gpus
if GPUS:
    workflow.global_resources.setdefault("gpu", GPUS)


wildcard_constraints:
    run=r"[A-Za-z0-9_-]+",
    data=r"[A-Za-z0-9_-]+",
    table="|".join(sorted(EXPERIMENTS.tables)),


def module(*names):
    """Source files that a cheap rule depends on, so that editing them makes it stale.

    They are part of the workflow, and not products in some storage.
    """
    return [local(str(HOME / "fame" / name)) for name in names]


def masks(*names):
    """The source files of all masks, and others below fame/, as `module` gives them."""
    found = sorted((HOME / "fame" / "augment" / "masks").glob("*.py"))
    return [local(str(path)) for path in found] + module(*names)


def manifest_of_run(wildcards):
    """The manifest a run is pretrained on; none for an untrained encoder."""
    data = EXPERIMENTS.run(wildcards.run).data_id(SCALE)
    return f"{ROOT}/data/{data}/manifest.parquet" if data else []


def gpus_of_run(wildcards):
    """The GPUs that train a run, on all its machines; one at most if nothing is trained."""
    return GPUS if is_trained(wildcards) else min(1, GPUS)


def nodes_of_run(wildcards):
    """The machines that train a run; one if nothing is trained."""
    return SCALE.resources.nodes if is_trained(wildcards) else 1


def is_trained(wildcards):
    """Whether a run is pretrained here."""
    return EXPERIMENTS.run(wildcards.run).pretrain is not None


def short_memory(wildcards, attempt):
    """MB of a short job: more with each attempt, since it starts over where it failed.

    Jobs that decode or train ask for the same each time: they go on where they stopped, and
    may have asked for all that a machine has.
    """
    return attempt * SCALE.resources.short.mem_mb


def short_minutes(wildcards, attempt):
    """Minutes of a short job: more with each attempt."""
    return attempt * SCALE.resources.short.runtime


def recipe_of_run(wildcards):
    """A run's recipe as text, so that a changed recipe makes the rule stale."""
    return json.dumps(EXPERIMENTS.run(wildcards.run).recipe, sort_keys=True)


def settings(*path):
    """A part of the scale as text: what a rule depends on, and nothing else of the scale."""
    value = SCALE.model_dump(mode="json")
    for key in path:
        value = value[key]
    return literal(json.dumps(value, sort_keys=True))


def shapes():
    """The networks and clips of the scale's backbones, as text."""
    found = {
        name: backbone.model_dump(mode="json", exclude={"title"})
        for name, backbone in SCALE.backbones.items()
    }
    return literal(json.dumps(found, sort_keys=True))


def literal(value):
    """A parameter in which braces are braces; in a plain text they would be wildcards."""
    return lambda wildcards: value


def dataset_settings(wildcards):
    """The scale's entry of a data instance, as text."""
    return settings("datasets", split_data_id(SCALE, wildcards.data)[0])(wildcards)


def is_world(data):
    """Whether a data instance is a generated mini world."""
    return split_data_id(SCALE, data)[1] is not None


def world_of(wildcards):
    """The mini world behind a data instance; none for real videos."""
    return f"{ROOT}/data/{wildcards.data}/world" if is_world(wildcards.data) else []


def source_of(wildcards):
    """The record that a real dataset's videos and lists are there; none for a mini world."""
    return [] if is_world(wildcards.data) else f"{ROOT}/data/{wildcards.data}/source.json"


def prepared_datasets():
    """The real datasets that are read from small copies."""
    found = SCALE.datasets.items()
    return [name for name, entry in found if getattr(entry, "prepare", None) is not None]


def shards_of(wildcards):
    """The records of all parts of a dataset's copies."""
    count = SCALE.datasets[wildcards.data].prepare.shards
    place = f"{ROOT}/data/{wildcards.data}/prepared"
    return [f"{place}/{shard}-of-{count}.json" for shard in range(count)]


def manifest_of(dataset):
    """The manifest of a dataset, of the first seed's world if it is a mini one."""
    return f"{ROOT}/data/{data_id(SCALE, dataset, SCALE.seeds[0])}/manifest.parquet"


def activation_maps():
    """Figure 1: each arm's title and the activation maps of its runs."""
    dataset = SCALE.evaluate.activation.dataset
    return [
        (
            arm.title,
            [
                f"{ROOT}/evaluate/{run.id}/{data_id(SCALE, dataset, run.seed)}/activation.npz"
                for run in arm.runs
            ],
        )
        for arm in EXPERIMENTS.arms("figure1")
    ]


def kernels():
    """Figure 3: each arm's title and its encoders; R(2+1)D only has temporal kernels."""
    return [
        (arm.title, [f"{ROOT}/pretrain/{run.id}/encoder.safetensors" for run in arm.runs])
        for arm in EXPERIMENTS.arms("figure3")
        if SCALE.backbones[arm.runs[0].backbone].encoder.arch == "r2plus1d"
    ]


MEASURED_FIGURES = ("figure1", "figure3", "bias", "mask_quality", "claims")
DRAWN_FIGURES = ("figure2", "figure4")
"""The first have their numbers beside them; these show examples."""


def figures_of_scale():
    """The figures that this scale can make."""
    if EXPERIMENTS.figures is None:
        return []
    masks_of = data_id(SCALE, SCALE.evaluate.masks.dataset, SCALE.seeds[0])
    possible = {
        "figure1": True,
        "figure2": True,
        "figure3": bool(kernels()),
        "figure4": True,
        "bias": bool(EXPERIMENTS.bias_datasets()),
        "mask_quality": is_world(masks_of),
        "claims": own_tables(),
    }
    return [name for name, can in possible.items() if can]


def files_of_figures(*suffixes):
    """The names that the figures' files have in results/, those of some suffixes."""
    return [
        f"{name}.{suffix}"
        for name in figures_of_scale()
        for suffix in suffixes
        if suffix != "csv" or name in MEASURED_FIGURES
    ]


def kept_figure(figure, suffix):
    """Where the scale keeps a figure."""
    folder = ROOT if figure == "claims" else f"{ROOT}/figures"
    return f"{folder}/{figure}.{suffix}"


PICTURES = {
    "figure1": "Figure 1: where the encoders look",
    "figure2": "Figure 2: a training pair",
    "figure3": "Figure 3: temporal kernels",
    "figure4": "Figure 4: mask variants",
    "claims": "Claims: published and measured differences",
    "bias": "Background bias",
    "mask_quality": "Mask quality",
}


def shown_in_report(path, name):
    """A picture that `snakemake --report` shows, with its caption."""
    return report(
        path,
        caption=f"../report/{name}.rst",
        category="Figures" if name.startswith("figure") else "Claims and measures",
        labels={"picture": PICTURES[name], "scale": SCALE.name},
    )


def confusions():
    """The confusion matrices of every result that has one."""
    return [
        f"{ROOT}/evaluate/{name.removesuffix('.json')}.confusion.csv"
        for name in EXPERIMENTS.results(EXPERIMENTS.tables)
        if name.endswith(("linear.json", "finetune.json"))
    ]


def own_tables():
    """Whether the tables are the project's own, which the claims are about."""
    return Path(config.get("tables") or TABLES).resolve() == TABLES


def page_inputs():
    """What the page shows of the figures, where the scale keeps it."""
    return [kept_figure(*name.split(".")) for name in files_of_figures("png", "csv")]


def results_of_table(wildcards):
    """Every result that a table's measured cells need."""
    return [f"{ROOT}/evaluate/{name}" for name in EXPERIMENTS.results([wildcards.table])]


def table_settings(wildcards):
    """A table's content as text, so that editing its file makes it stale."""
    return EXPERIMENTS.table(wildcards.table).model_dump_json()


def occupy_or_refuse():
    """Hold the working folder for as long as this process lives."""
    try:
        occupy(Path.cwd())
    except FameError as error:
        raise WorkflowError(str(error)) from None


def stop_needless_waking():
    """Take Snakemake's own limit of 100 jobs a second away, if nobody chose another.

    For its sake the scheduler is woken once a second for every job that was ever started, which
    took half a core at the end of a Table 5 of 101 jobs.
    """
    scheduler = workflow.scheduler
    limiter = getattr(scheduler, "job_rate_limiter", None)
    if workflow.local_exec and limiter and (limiter.max_jobs, limiter.timespan) == (100, 1):
        scheduler.job_rate_limiter = None


def leave_partial_tables(dag):
    """After a failure: write what there is of the tables that are not finished.

    Returns a sentence for each. What other unfinished jobs should have made counts as missing,
    even if a file of that name stands there from an earlier time.
    """
    from fame.report.tables.partial import leave

    unfinished = list(dag.needrun_jobs())
    unmade = {str(file) for job in unfinished for file in job.output}
    wanted = [
        (job.wildcards.table, Path(job.output.csv))
        for job in unfinished
        if job.rule.name in {"table", "publish"}
    ]
    return leave(EXPERIMENTS, sorted(wanted), Path(f"{ROOT}/evaluate"), unmade)
