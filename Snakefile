"""FAME: from raw videos to the paper's tables.

    snakemake --cores all results/table5.csv
    snakemake --cores all results/table5.csv --config scale=paper

In order: data (manifests), pretraining runs, evaluations, figures, tables.
"""

from snakemake.utils import min_version

min_version("9.0")


configfile: workflow.source_path("config/config.yaml")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/pretrain.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


onstart:
    hooks.start(workflow, Path.cwd())
    hooks.expect(workflow, EXPERIMENTS, Path(ROOT))


rule all:
    """Every table and figure of the active scale, and the page that shows them."""
    default_target: True
    input:
        expand("results/{table}.csv", table=sorted(EXPERIMENTS.tables)),
        below("results", figures.files(EXPERIMENTS, ".png", ".pdf", ".csv")),
        "results/report.html",
        f"{ROOT}/figures/confusion.done",


if EXPERIMENTS.comparison:

    rule comparison:
        """Every row of the tables that compare methods, and what each method relies on."""
        input:
            expand("results/{table}.csv", table=sorted(EXPERIMENTS.comparison)),
            below("results", [f"{name}.png" for name in figures.of_comparison(EXPERIMENTS)]),
