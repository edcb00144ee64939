"""Report: results to tables.

in    the results that a table's measured cells need
out   results/<scale>/tables/<table>.{csv,md,tex}, and results/<table>.{csv,md,tex}
steps gather and write the table; copy the active scale's
"""


def table_settings(wildcards):
    """The table's content as text, so that editing its file makes it stale."""
    return EXPERIMENTS.table(wildcards.table).model_dump_json()


rule table:
    output:
        multiext(f"{ROOT}/tables/{{table}}", ".csv", ".md", ".tex"),
    input:
        results=results_of_table,
        code=module("report/tables.py", "report/rendering.py", "evaluate/results.py"),
    params:
        table=table_settings,
        scale=[SCALE.name, SCALE.note, SCALE.comparable],
    log:
        f"{ROOT}/tables/{{table}}.log",
    conda:
        "../../environment.yml"
    shell:
        "{FAME} table {wildcards.table:q}"
        " {WITH_TABLES}"
        " --results {ROOT}/evaluate"
        " --out {output[0]:q}"
        " > {log:q} 2>&1"


rule publish:
    output:
        multiext("results/{table}", ".csv", ".md", ".tex"),
    input:
        rules.table.output,
    conda:
        "../../environment.yml"
    # Says on the terminal when another scale's table is replaced, hence no log.
    shell:
        "{FAME} publish {input[0]:q} --out {output[0]:q}"
