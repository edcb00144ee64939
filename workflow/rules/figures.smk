"""Figures: measurements to pictures.

in    the files that a figure declares to need (`fame/report/figures/<figure>.py`)
out   results/<scale>/figures/<figure>.{png,pdf}, and .csv if it has numbers; pictures of
      confusion matrices, each beside its numbers
steps one rule draws every figure; a new file in fame/report/figures is a new figure
"""

FIGURES = f"{ROOT}/figures"
WITH_NUMBERS = [name for name, figure in DECLARED.items() if figure.measured]
WITHOUT_NUMBERS = [name for name, figure in DECLARED.items() if not figure.measured]
CLAIMS = local(str(HOME / "config" / "claims.yaml"))


ruleorder: claims > figure


wildcard_constraints:
    figure="|".join(DECLARED),


rule figure:
    """Draw a figure and write its numbers beside it."""
    input:
        files=sources_of_figure,
        claims=lambda w: CLAIMS if DECLARED[w.figure].needs == "primary claims" else [],
    output:
        png=shown_in_report(f"{FIGURES}/{{figure}}.png"),
        pdf=f"{FIGURES}/{{figure}}.pdf",
        csv=f"{FIGURES}/{{figure}}.csv",
    log:
        f"{FIGURES}/{{figure}}.log",
    wildcard_constraints:
        figure="|".join(WITH_NUMBERS),
    conda:
        ENVIRONMENT
    resources:
        **SHORT,
    params:
        code=code_of_figure,
        settings=lambda w: DECLARED[w.figure].texts(SCALE),
        caption=lambda w: DECLARED[w.figure].caption,
        results=lambda w, output: str(Path(output.png).parents[1]),
    shell:
        "python3 -m fame figure {wildcards.figure:q}"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --results {params.results:q}"
        " --out {output.png:q}"
        " > {log:q} 2>&1"


use rule figure as picture with:
    """Draw a figure that shows examples and has no numbers."""
    output:
        png=shown_in_report(f"{FIGURES}/{{figure}}.png"),
        pdf=f"{FIGURES}/{{figure}}.pdf",
    wildcard_constraints:
        figure="|".join(WITHOUT_NUMBERS),


use rule figure as claims with:
    """Judge the claims of config/claims.yaml, and draw published and measured differences."""
    input:
        files=sources_of_figure,
        claims=CLAIMS,
    output:
        png=shown_in_report(f"{FIGURES}/{{figure}}.png"),
        pdf=f"{FIGURES}/{{figure}}.pdf",
        csv=f"{FIGURES}/{{figure}}.csv",
        md=f"{FIGURES}/{{figure}}.md",
    wildcard_constraints:
        figure="claims",


rule confusion:
    """Draw every confusion matrix of the scale, each beside its numbers."""
    input:
        counts=lambda w: below(f"{ROOT}/evaluate", EXPERIMENTS.confusions()),
    output:
        touch(f"{FIGURES}/confusion.done"),
    log:
        f"{FIGURES}/confusion.log",
    conda:
        ENVIRONMENT
    resources:
        **SHORT,
    params:
        code=code("confusion"),
    shell:
        "python3 -m fame confusion {input.counts:q} > {log:q} 2>&1"
