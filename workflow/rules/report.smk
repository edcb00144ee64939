"""Report: results to tables.

in    the results that a table's measured cells need
out   results/<scale>/tables/<table>.{csv,md,tex,html}, and results/<table>.{csv,md,tex}
steps gather and write the table; copy the active scale's. If jobs fail, what there is of the
      unfinished tables is written as <table>.partial.{csv,md}, with the reasons
"""

TEMPLATES = [
    f"report/page/templates/{name}"
    for name in ("macros.html.j2", "page.css", "page.html.j2", "table.html.j2")
]


onerror:
    for sentence in leave_partial_tables(workflow.dag):
        print(sentence, file=sys.stderr)


rule table:
    input:
        results=results_of_table,
        code=module(
            "report/tables/build.py",
            "report/tables/markdown.py",
            "report/tables/latex.py",
            "report/tables/html.py",
            *TEMPLATES,
            "evaluate/results.py",
        ),
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
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    params:
        table=table_settings,
        results=f"{ROOT}/evaluate",
        scale=literal([SCALE.name, SCALE.note, SCALE.comparable]),
    shell:
        "python3 -m fame table {wildcards.table:q}"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --results {params.results:q}"
        " --out {output.csv:q}"
        " > {log:q} 2>&1"


rule publish:
    input:
        csv=rules.table.output.csv,
        md=rules.table.output.md,
        tex=rules.table.output.tex,
    output:
        csv="results/{table}.csv",
        md="results/{table}.md",
        tex="results/{table}.tex",
    log:
        f"{ROOT}/tables/{{table}}.published.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    # What it says (that another scale's table is replaced) belongs on the terminal too.
    shell:
        "python3 -m fame publish {input.csv:q} --out {output.csv:q} 2>&1 | tee {log:q} >&2"


rule report:
    input:
        tables=expand(f"{ROOT}/tables/{{table}}.csv", table=sorted(EXPERIMENTS.tables)),
        figures=page_inputs(),
        cards=[f"{ROOT}/pretrain/{run}/card.json" for run in EXPERIMENTS.runs],
        encoders=[f"{ROOT}/pretrain/{run}/encoder.safetensors" for run in EXPERIMENTS.runs],
        code=module(
            "report/claims/markdown.py",
            "report/page/contents.py",
            "pipeline/cost.py",
            "report/page/grid.py",
            "report/page/page.py",
            "report/claims/html.py",
            "report/page/runs.py",
            "report/tables/html.py",
            *TEMPLATES,
        ),
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
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    params:
        results=lambda w, output: str(Path(output.html).parent),
        scale=settings(),
    shell:
        "python3 -m fame report"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --results {params.results:q}"
        " --out {output.html:q}"
        " > {log:q} 2>&1"


rule publish_report:
    input:
        f"{ROOT}/report.html",
    output:
        "results/report.html",
    log:
        f"{ROOT}/report.published.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    shell:
        "cp {input:q} {output:q} > {log:q} 2>&1"
