"""Figures and measures beyond the tables, each a table or picture below results/<scale>/figures/.

in    encoders, mini worlds, results of bias probes (config/tables/figures.yaml says which)
out   results/<scale>/figures/{bias,mask_quality}.{csv,png,pdf}, figure1.{csv,png,pdf},
      figure3.{csv,png,pdf}, figure2 and figure4.{png,pdf}; and copies in results/;
      a confusion matrix's picture beside its numbers
steps measure (one job for each encoder or world), then gather and draw
"""

FIGURES = f"{ROOT}/figures"
CLAIMS = local(str(HOME / "config" / "claims.yaml"))
FIGURE_DATA = SCALE.evaluate.activation.dataset
MASK_DATA = SCALE.evaluate.masks.dataset


wildcard_constraints:
    figure=r"bias|claims|mask_quality|figure[1-4]",
    suffix=r"csv|md|png|pdf",


rule bias_summary:
    input:
        results=lambda w: [
            f"{ROOT}/evaluate/{Path(result_file(SCALE, run, dataset, 'bias')).with_suffix(suffix)}"
            for dataset in EXPERIMENTS.bias_datasets()
            for arm in EXPERIMENTS.arms("bias")
            for run in arm.runs
            for suffix in (".json", ".parquet")
        ],
        code=module(
            "evaluate/bias/scores.py", "evaluate/results.py", "report/figures/bias.py", "report/style.py"
        ),
    output:
        csv=f"{ROOT}/figures/bias.csv",
        png=shown_in_report(f"{ROOT}/figures/bias.png", "bias"),
        pdf=f"{ROOT}/figures/bias.pdf",
    log:
        f"{ROOT}/figures/bias.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    params:
        results=f"{ROOT}/evaluate",
        scale=literal([SCALE.name, SCALE.note]),
    shell:
        "python3 -m fame bias-summary"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --results {params.results:q}"
        " --out {output.csv:q}"
        " > {log:q} 2>&1"


rule confusion:
    input:
        counts=lambda w: confusions(),
        code=module("evaluate/metrics/confusion.py"),
    output:
        touch(f"{ROOT}/figures/confusion.done"),
    log:
        f"{ROOT}/figures/confusion.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    shell:
        "python3 -m fame confusion {input.counts:q} > {log:q} 2>&1"


rule activation:
    input:
        encoder=ENCODER,
        manifest=MANIFEST,
        world=world_of,
        card=f"{ROOT}/pretrain/{{run}}/card.json",
        code=module(
            "augment/crop.py",
            "augment/photometric.py",
            "evaluate/features/activation_maps.py",
            "evaluate/tasks/activation.py",
            "evaluate/features/encode.py",
            "evaluate/bias/foreground.py",
            "evaluate/features/clipspec.py",
        ),
    output:
        multiext(f"{EVALUATE}/activation", npz=".npz", json=".json"),
    log:
        f"{EVALUATE}/activation.log",
    benchmark:
        f"{EVALUATE}/activation.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: SCALE.resources.threads
    resources:
        gpu=min(1, SCALE.resources.gpus),
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    params:
        settings=settings("evaluate", "activation"),
        max_short_side=settings("max_short_side"),
        clips=settings("evaluate", "clips"),
        crop=settings("evaluate", "crop"),
        # Where the true foreground is unknown, FAME's mask stands for it.
        beta=lambda w: [] if is_world(w.data) else settings("pretrain", "merge", "beta")(w),
        mean=settings("pretrain", "views", "mean"),
        std=settings("pretrain", "views", "std"),
        world=lambda w, input: ["--world", input.world] if input.world else [],
    shell:
        "exec python3 -m fame activation"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --run {wildcards.run:q}"
        " --encoder {input.encoder:q}"
        " --manifest {input.manifest:q}"
        " {params.world:q}"
        " --threads {threads}"
        " --out {output.npz:q}"
        " > {log:q} 2>&1"


rule figure1:
    input:
        maps=lambda w: [path for _, paths in activation_maps() for path in paths],
        code=module("evaluate/results.py", "report/figures/figure1.py", "report/style.py"),
    output:
        csv=f"{FIGURES}/figure1.csv",
        png=shown_in_report(f"{FIGURES}/figure1.png", "figure1"),
        pdf=f"{FIGURES}/figure1.pdf",
    log:
        f"{FIGURES}/figure1.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    params:
        titled=lambda w: [f"{title}={','.join(paths)}" for title, paths in activation_maps()],
        stem=lambda w, output: str(Path(output.png).with_suffix("")),
    shell:
        "python3 -m fame figure1 {params.titled:q} --out {params.stem:q} > {log:q} 2>&1"


rule figure2:
    input:
        manifest=lambda w: manifest_of(next(iter(SCALE.pretrain.moco.queue))),
        code=masks(
            "augment/crop.py",
            "augment/merge.py",
            "augment/views.py",
            "augment/photometric.py",
            "augment/view_draws.py",
            "evaluate/masks/pictures.py",
            "evaluate/masks/examples.py",
            "report/figures/figure2.py",
            "report/style.py",
        ),
    output:
        png=shown_in_report(f"{FIGURES}/figure2.png", "figure2"),
        pdf=f"{FIGURES}/figure2.pdf",
    log:
        f"{FIGURES}/figure2.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    params:
        settings=settings("pretrain"),
        max_short_side=settings("max_short_side"),
        shapes=shapes(),
        stem=lambda w, output: str(Path(output.png).with_suffix("")),
    shell:
        "python3 -m fame figure2"
        ' --scale "$SCALE"'
        " --manifest {input.manifest:q}"
        " --out {params.stem:q}"
        " > {log:q} 2>&1"


rule figure3:
    input:
        encoders=lambda w: [path for _, paths in kernels() for path in paths],
        cards=lambda w: [
            str(Path(path).with_name("card.json")) for _, paths in kernels() for path in paths
        ],
        code=module(
            "report/figures/figure3.py",
            "evaluate/metrics/spread.py",
            "report/style.py",
            "evaluate/metrics/kernels.py",
        ),
    output:
        csv=f"{FIGURES}/figure3.csv",
        png=shown_in_report(f"{FIGURES}/figure3.png", "figure3"),
        pdf=f"{FIGURES}/figure3.pdf",
    log:
        f"{FIGURES}/figure3.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    params:
        titled=lambda w: [f"{title}={','.join(paths)}" for title, paths in kernels()],
        stem=lambda w, output: str(Path(output.png).with_suffix("")),
    shell:
        "python3 -m fame figure3 {params.titled:q} --out {params.stem:q} > {log:q} 2>&1"


rule figure4:
    input:
        manifest=lambda w: manifest_of(FIGURE_DATA),
        code=masks(
            "evaluate/masks/windows.py",
            "evaluate/masks/pictures.py",
            "evaluate/masks/examples.py",
            "evaluate/masks/variants.py",
            "report/figures/figure4.py",
            "report/overlay.py",
            "report/style.py",
        ),
    output:
        png=shown_in_report(f"{FIGURES}/figure4.png", "figure4"),
        pdf=f"{FIGURES}/figure4.pdf",
    log:
        f"{FIGURES}/figure4.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    params:
        merge=settings("pretrain", "merge"),
        max_short_side=settings("max_short_side"),
        crop=settings("evaluate", "crop"),
        shapes=shapes(),
        stem=lambda w, output: str(Path(output.png).with_suffix("")),
    shell:
        "python3 -m fame figure4"
        ' --scale "$SCALE"'
        " --manifest {input.manifest:q}"
        " --rows 4"
        " --out {params.stem:q}"
        " > {log:q} 2>&1"


rule mask_quality:
    input:
        manifest=MANIFEST,
        world=world_of,
        code=masks(
            "augment/crop.py",
            "evaluate/masks/quality.py",
            "evaluate/masks/overlap.py",
            "evaluate/features/clipspec.py",
            "evaluate/masks/variants.py",
        ),
    output:
        f"{ROOT}/data/{{data}}/mask_quality.csv",
    log:
        f"{ROOT}/data/{{data}}/mask_quality.log",
    benchmark:
        f"{ROOT}/data/{{data}}/mask_quality.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    params:
        settings=settings("evaluate", "masks"),
        hue=settings("pretrain", "merge", "hue"),
        max_short_side=settings("max_short_side"),
        crop=settings("evaluate", "crop"),
        shapes=shapes(),
    shell:
        "python3 -m fame mask-quality"
        ' --scale "$SCALE"'
        " --data {wildcards.data:q}"
        " --manifest {input.manifest:q}"
        " --world {input.world:q}"
        " --out {output:q}"
        " > {log:q} 2>&1"


rule mask_quality_summary:
    input:
        files=lambda w: [
            f"{ROOT}/data/{data_id(SCALE, MASK_DATA, seed)}/mask_quality.csv"
            for seed in SCALE.seeds
        ],
        code=module("report/figures/mask_quality.py", "report/style.py"),
    output:
        csv=f"{FIGURES}/mask_quality.csv",
        png=shown_in_report(f"{FIGURES}/mask_quality.png", "mask_quality"),
        pdf=f"{FIGURES}/mask_quality.pdf",
    log:
        f"{FIGURES}/mask_quality.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    params:
        scale=literal([SCALE.name, SCALE.note]),
    shell:
        "python3 -m fame mask-quality-summary {input.files:q}"
        ' --scale "$SCALE"'
        " --out {output.csv:q}"
        " > {log:q} 2>&1"


rule claims:
    input:
        results=lambda w: [
            f"{ROOT}/evaluate/{name}" for name in EXPERIMENTS.results(EXPERIMENTS.tables)
        ],
        claims=CLAIMS,
        code=module(
            "config/claims.py",
            "evaluate/results.py",
            "report/claims/judge.py",
            "report/claims/markdown.py",
            "report/figures/claims.py",
            "report/claims/paired.py",
            "report/tables/build.py",
            "report/claims/verdicts.py",
        ),
    output:
        csv=f"{ROOT}/claims.csv",
        md=f"{ROOT}/claims.md",
        png=shown_in_report(f"{ROOT}/claims.png", "claims"),
        pdf=f"{ROOT}/claims.pdf",
    log:
        f"{ROOT}/claims.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    params:
        results=f"{ROOT}/evaluate",
        scale=literal([SCALE.name, SCALE.note, SCALE.comparable]),
    shell:
        "python3 -m fame claims"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --claims {input.claims:q}"
        " --results {params.results:q}"
        " --out {output.csv:q}"
        " > {log:q} 2>&1"


rule publish_figure:
    input:
        lambda w: kept_figure(w.figure, "png"),
        lambda w: kept_figure(w.figure, "pdf"),
        lambda w: kept_figure(w.figure, "csv"),
    output:
        "results/{figure}.png",
        "results/{figure}.pdf",
        "results/{figure}.csv",
    log:
        f"{ROOT}/figures/{{figure}}.published.log",
    wildcard_constraints:
        figure="|".join(MEASURED_FIGURES),
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    shell:
        "cp {input:q} results > {log:q} 2>&1"


rule publish_picture:
    input:
        lambda w: kept_figure(w.figure, "png"),
        lambda w: kept_figure(w.figure, "pdf"),
    output:
        "results/{figure}.png",
        "results/{figure}.pdf",
    log:
        f"{ROOT}/figures/{{figure}}.published.log",
    wildcard_constraints:
        figure="|".join(DRAWN_FIGURES),
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    shell:
        "cp {input:q} results > {log:q} 2>&1"
