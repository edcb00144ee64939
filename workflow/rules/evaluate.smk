"""Evaluation: an encoder and a dataset to accuracies.

in    encoder.safetensors of a run, manifest of a dataset
out   results/<scale>/evaluate/<run>/<data>/{linear,retrieval,finetune,bias}.json, and activation
      maps beside them; results/<scale>/data/<data>/mask_quality.csv, and the examples shown in
      Figures 2 and 4
steps read every video once and encode all features that the evaluations need; encode altered test
      clips for the bias probes; probe, retrieve and measure bias from the features; finetune
"""

EVALUATE = f"{ROOT}/evaluate/{{run}}/{{data}}"
ENCODER = f"{ROOT}/pretrain/{{run}}/encoder.safetensors"
MANIFEST = f"{ROOT}/data/{{data}}/manifest.parquet"
CONFUSION = {
    "matrix": ".confusion.csv",
    "classes": ".classes.csv",
}


rule features:
    """Read every video once and encode its clips in all normalisations that are needed."""
    input:
        encoder=ENCODER,
        manifest=MANIFEST,
    output:
        below(EVALUATE, map(features_file, tasks.normalisations_of(SCALE))),
    log:
        f"{EVALUATE}/features.log",
    benchmark:
        f"{EVALUATE}/features.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: SCALE.resources.threads
    resources:
        **ON_GPU,
    params:
        version=version("features"),
        max_short_side=settings("max_short_side"),
        clips=settings("evaluate", "clips"),
        crop=settings("evaluate", "crop"),
        mean=settings("pretrain", "views", "mean"),
        std=settings("pretrain", "views", "std"),
        directory=lambda w, output: str(Path(output[0]).parent),
    shell:
        "exec python3 -m fame features"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --run {wildcards.run:q}"
        " --encoder {input.encoder:q}"
        " --manifest {input.manifest:q}"
        " --threads {threads}"
        " --out {params.directory:q}"
        " > {log:q} 2>&1"


rule conditions:
    """Encode the test videos with background, foreground or motion removed, for the bias probes."""
    input:
        encoder=ENCODER,
        manifest=MANIFEST,
        world=world_of,
    output:
        f"{EVALUATE}/{features_file(BIAS)}",
    log:
        f"{EVALUATE}/conditions.log",
    benchmark:
        f"{EVALUATE}/conditions.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: SCALE.resources.threads
    resources:
        **ON_GPU,
    params:
        version=version("conditions"),
        max_short_side=settings("max_short_side"),
        clips=settings("evaluate", "clips"),
        crop=settings("evaluate", "crop"),
        bias=settings("evaluate", "bias"),
        mean=settings("pretrain", "views", "mean"),
        std=settings("pretrain", "views", "std"),
        world=lambda w, input: ["--world", input.world] if input.world else [],
        directory=lambda w, output: str(Path(output[0]).parent),
    shell:
        "exec python3 -m fame conditions"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --run {wildcards.run:q}"
        " --encoder {input.encoder:q}"
        " --manifest {input.manifest:q}"
        " {params.world:q}"
        " --threads {threads}"
        " --out {params.directory:q}"
        " > {log:q} 2>&1"


for TASK in tasks.ON_FEATURES:

    rule:
        """Compute a task from an encoder's features, as its file in fame/evaluate/tasks says."""
        name:
            TASK
        input:
            below(EVALUATE, map(features_file, tasks.features_of(SCALE, TASK))),
        output:
            json=f"{EVALUATE}/{TASK}.json",
            beside=below(EVALUATE, [TASK + suffix for suffix in tasks.TASKS[TASK].files]),
        log:
            f"{EVALUATE}/{TASK}.log",
        benchmark:
            f"{EVALUATE}/{TASK}.benchmark.tsv"
        conda:
            ENVIRONMENT
        resources:
            **SHORT,
        params:
            task=TASK,
            version=version(TASK),
            code=code(TASK),
            settings=literal(json.dumps(tasks.settings_of(SCALE, TASK))),
            features=lambda w, input: str(Path(input[0]).parent),
        shell:
            "python3 -m fame {params.task}"
            ' --scale "$SCALE"'
            " --features {params.features:q}"
            " --out {output.json:q}"
            " > {log:q} 2>&1"


rule finetune:
    """Finetune an encoder on a dataset and test it."""
    input:
        encoder=ENCODER,
        manifest=MANIFEST,
    output:
        multiext(f"{EVALUATE}/finetune", json=".json", parquet=".parquet", **CONFUSION),
    log:
        f"{EVALUATE}/finetune.log",
    benchmark:
        f"{EVALUATE}/finetune.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: SCALE.resources.threads
    resources:
        **ON_GPU,
    params:
        version=version("finetune"),
        settings=settings("evaluate", "finetune"),
        max_short_side=settings("max_short_side"),
        clips=settings("evaluate", "clips"),
        crop=settings("evaluate", "crop"),
    shell:
        "exec python3 -m fame finetune"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --run {wildcards.run:q}"
        " --encoder {input.encoder:q}"
        " --manifest {input.manifest:q}"
        " --threads {threads}"
        " --out {output.json:q}"
        " >> {log:q} 2>&1"


rule activation:
    """Compute activation maps of test videos, and their share on the foreground."""
    input:
        encoder=ENCODER,
        manifest=MANIFEST,
        world=world_of,
        card=f"{ROOT}/pretrain/{{run}}/card.json",
    output:
        multiext(f"{EVALUATE}/activation", npz=".npz", json=".json"),
    log:
        f"{EVALUATE}/activation.log",
    benchmark:
        f"{EVALUATE}/activation.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: SCALE.resources.threads
    resources:
        **ON_GPU,
    params:
        code=code("activation"),
        settings=settings("evaluate", "activation"),
        max_short_side=settings("max_short_side"),
        clips=settings("evaluate", "clips"),
        crop=settings("evaluate", "crop"),
        # If the true foreground is unknown, FAME's mask is used instead.
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
        " --out {output.json:q}"
        " > {log:q} 2>&1"


rule mask_quality:
    """Score each mask variant against the true foreground of a mini world."""
    input:
        manifest=MANIFEST,
        world=world_of,
    output:
        f"{ROOT}/data/{{data}}/mask_quality.csv",
    log:
        f"{ROOT}/data/{{data}}/mask_quality.log",
    benchmark:
        f"{ROOT}/data/{{data}}/mask_quality.benchmark.tsv"
    conda:
        ENVIRONMENT
    resources:
        **HEAVY,
    params:
        code=code("mask_quality"),
        settings=settings("evaluate", "masks"),
        hue=settings("pretrain", "merge", "hue"),
        max_short_side=settings("max_short_side"),
        crop=settings("evaluate", "crop"),
        backbones=settings("backbones"),
    shell:
        "python3 -m fame mask-quality"
        ' --scale "$SCALE"'
        " --data {wildcards.data:q}"
        " --manifest {input.manifest:q}"
        " --world {input.world:q}"
        " --out {output:q}"
        " > {log:q} 2>&1"


rule training_pair:
    """Save the first training pair of a run, for Figure 2."""
    input:
        manifest=MANIFEST,
    output:
        f"{ROOT}/data/{{data}}/training_pair.npz",
    log:
        f"{ROOT}/data/{{data}}/training_pair.log",
    conda:
        ENVIRONMENT
    resources:
        **SHORT,
    params:
        code=code("training_pair"),
        settings=settings("pretrain"),
        max_short_side=settings("max_short_side"),
        backbones=settings("backbones"),
    shell:
        "python3 -m fame training-pair"
        ' --scale "$SCALE"'
        " --manifest {input.manifest:q}"
        " --out {output:q}"
        " > {log:q} 2>&1"


rule masked_clips:
    """Mask a clip of some test videos by each variant, for Figure 4."""
    input:
        manifest=MANIFEST,
    output:
        f"{ROOT}/data/{{data}}/masked_clips.npz",
    log:
        f"{ROOT}/data/{{data}}/masked_clips.log",
    conda:
        ENVIRONMENT
    resources:
        **SHORT,
    params:
        code=code("masked_clips"),
        merge=settings("pretrain", "merge"),
        max_short_side=settings("max_short_side"),
        crop=settings("evaluate", "crop"),
        backbones=settings("backbones"),
    shell:
        "python3 -m fame masked-clips"
        ' --scale "$SCALE"'
        " --manifest {input.manifest:q}"
        " --out {output:q}"
        " > {log:q} 2>&1"
