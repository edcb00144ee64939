"""Report: results to tables and the page, with copies in results/.

in    the results that a table's measured cells need; all tables and figures. The page also shows
      what stands beside results and encoders: curves, accuracy by class, neighbours
out   results/<scale>/tables/<table>.{csv,md,tex,html}, results/<scale>/report.html;
      copies of these and of the figures in results/
steps collect results in tables; put everything on one page; copy finished files. If jobs fail,
      unfinished tables are written as <table>.partial.{csv,md}, with the missing cells and why
"""


onerror:
    for sentence in hooks.leave_partial_tables(workflow.dag, EXPERIMENTS, Path(ROOT)):
        print(sentence, file=sys.stderr)


rule table:
    """Write a table: measured cells beside the published ones."""
    input:
        results=lambda w: below(f"{ROOT}/evaluate", EXPERIMENTS.results([w.table])),
    output:
        csv=f"{ROOT}/tables/{{table}}.csv",
        md=f"{ROOT}/tables/{{table}}.md",
        tex=f"{ROOT}/tables/{{table}}.tex",
        html=report(
            f"{ROOT}/tables/{{table}}.html",
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{table}", "scale": SCALE.name},
        ),
    log:
        f"{ROOT}/tables/{{table}}.log",
    conda:
        ENVIRONMENT
    resources:
        **SHORT,
    params:
        code=code("table"),
        table=lambda w: EXPERIMENTS.table(w.table).model_dump_json(),
        results=lambda w, output: str(Path(output.csv).parents[1] / "evaluate"),
        scale=literal([SCALE.name, SCALE.note, SCALE.comparable]),
    shell:
        "python3 -m fame table {wildcards.table:q}"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --results {params.results:q}"
        " --out {output.csv:q}"
        " > {log:q} 2>&1"


rule report:
    """Write tables, figures, claims, costs and cards to one self-contained page."""
    input:
        # Asked for late: weights that one table lacks are no fault of a job that does without.
        results=lambda w: below(f"{ROOT}/evaluate", EXPERIMENTS.results(EXPERIMENTS.tables)),
        tables=expand(f"{ROOT}/tables/{{table}}.csv", table=sorted(EXPERIMENTS.tables)),
        figures=below(FIGURES, figures.files(EXPERIMENTS, ".png", ".csv")),
        cards=[f"{ROOT}/pretrain/{run}/card.json" for run in EXPERIMENTS.runs],
        encoders=[f"{ROOT}/pretrain/{run}/encoder.safetensors" for run in EXPERIMENTS.runs],
    output:
        html=report(
            f"{ROOT}/report.html",
            caption="../report/page.rst",
            category="All on one page",
            labels={"page": "everything", "scale": SCALE.name},
        ),
    log:
        f"{ROOT}/report.log",
    conda:
        ENVIRONMENT
    resources:
        **SHORT,
    params:
        code=code("report"),
        results=lambda w, output: str(Path(output.html).parent),
        scale=settings(),
    shell:
        "python3 -m fame report"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --results {params.results:q}"
        " --out {output.html:q}"
        " > {log:q} 2>&1"


rule publish:
    """Copy a table of the active scale to results/."""
    input:
        multiext(f"{ROOT}/tables/{{name}}", ".csv", ".md", ".tex"),
    output:
        multiext("results/{name}", ".csv", ".md", ".tex"),
    log:
        f"{ROOT}/published/{{name}}.log",
    wildcard_constraints:
        name="|".join(EXPERIMENTS.every_table),
    conda:
        ENVIRONMENT
    resources:
        **SHORT,
    params:
        folder=lambda w, output: str(Path(output[0]).parent),
    # Its message (that another scale's table is replaced) goes to the terminal too.
    shell:
        "python3 -m fame publish {input:q} --to {params.folder:q} 2> {log:q} | tee -a {log:q} >&2"


use rule publish as publish_figure with:
    """Copy a figure with its numbers to results/."""
    input:
        multiext(f"{FIGURES}/{{name}}", ".png", ".pdf", ".csv"),
    output:
        multiext("results/{name}", ".png", ".pdf", ".csv"),
    wildcard_constraints:
        name="|".join(WITH_NUMBERS),


use rule publish as publish_picture with:
    """Copy a figure that has no numbers to results/."""
    input:
        multiext(f"{FIGURES}/{{name}}", ".png", ".pdf"),
    output:
        multiext("results/{name}", ".png", ".pdf"),
    wildcard_constraints:
        name="|".join(WITHOUT_NUMBERS),


use rule publish as publish_report with:
    """Copy the page to results/."""
    input:
        f"{ROOT}/{{name}}.html",
    output:
        "results/{name}.html",
    wildcard_constraints:
        name="report",
