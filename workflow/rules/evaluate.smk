"""Evaluation: an encoder and a dataset to accuracies.

in    encoder.safetensors of a run, manifest of a dataset
out   results/<scale>/evaluate/<run>/<data>/{linear,retrieval,finetune,bias}.json
steps encode every video once, in all the ways that the scale's evaluations need; probe,
      retrieve and measure bias from the features; finetune
"""

EVALUATE = f"{ROOT}/evaluate/{{run}}/{{data}}"
ENCODER = f"{ROOT}/pretrain/{{run}}/encoder.safetensors"
MANIFEST = f"{ROOT}/data/{{data}}/manifest.parquet"
RAW_FEATURES = [f"{EVALUATE}/features-raw.npz"] if "raw" in needed(SCALE) else []
CONFUSION = {
    "matrix": ".confusion.csv",
    "classes": ".classes.csv",
}
BIAS_FEATURES = [f"{EVALUATE}/features-bias.npz"] if SCALE.evaluate.bias else []


rule features:
    input:
        encoder=ENCODER,
        manifest=MANIFEST,
        world=world_of,
        code=module(
            "augment/crop.py",
            "augment/photometric.py",
            "evaluate/bias/altered.py",
            "evaluate/bias/background.py",
            "config/normalisation.py",
            "evaluate/features/encode.py",
            "evaluate/features/extract.py",
            "evaluate/features/store.py",
            "evaluate/bias/foreground.py",
            "evaluate/features/parts.py",
            "evaluate/features/clipspec.py",
        ),
    output:
        [f"{EVALUATE}/features-{colours}.npz" for colours in needed(SCALE)],
        BIAS_FEATURES,
    log:
        f"{EVALUATE}/features.log",
    benchmark:
        f"{EVALUATE}/features.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: SCALE.resources.threads
    resources:
        gpu=min(1, SCALE.resources.gpus),
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    params:
        max_short_side=settings("max_short_side"),
        clips=settings("evaluate", "clips"),
        crop=settings("evaluate", "crop"),
        bias=settings("evaluate", "bias"),
        mean=settings("pretrain", "views", "mean"),
        std=settings("pretrain", "views", "std"),
        world=lambda w, input: ["--world", input.world] if input.world else [],
        directory=lambda w, output: str(Path(output[0]).parent),
    shell:
        "exec python3 -m fame features"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --run {wildcards.run:q}"
        " --encoder {input.encoder:q}"
        " --manifest {input.manifest:q}"
        " {params.world:q}"
        " --threads {threads}"
        " --out {params.directory:q}"
        " > {log:q} 2>&1"


rule linear:
    input:
        features=f"{EVALUATE}/features-pretraining.npz",
        raw=RAW_FEATURES,
        code=module(
            "evaluate/metrics/accuracy.py",
            "evaluate/metrics/confusion.py",
            "evaluate/metrics/holdout.py",
            "evaluate/tasks/linear.py",
            "evaluate/metrics/selection.py",
            "pipeline/tasks.py",
            "train/sgd.py",
        ),
    output:
        multiext(f"{EVALUATE}/linear", json=".json", parquet=".parquet", **CONFUSION),
    log:
        f"{EVALUATE}/linear.log",
    benchmark:
        f"{EVALUATE}/linear.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    params:
        settings=settings("evaluate", "linear"),
        raw=lambda w, input: ["--raw-features", input.raw] if input.raw else [],
    shell:
        "python3 -m fame linear"
        ' --scale "$SCALE"'
        " --features {input.features:q}"
        " {params.raw:q}"
        " --out {output.json:q}"
        " > {log:q} 2>&1"


rule bias:
    input:
        features=f"{EVALUATE}/features-pretraining.npz",
        altered=BIAS_FEATURES,
        code=module(
            "evaluate/metrics/accuracy.py",
            "evaluate/tasks/bias.py",
            "evaluate/metrics/holdout.py",
            "evaluate/tasks/linear.py",
            "evaluate/bias/scores.py",
            "pipeline/tasks.py",
            "train/sgd.py",
        ),
    output:
        multiext(f"{EVALUATE}/bias", json=".json", parquet=".parquet"),
    log:
        f"{EVALUATE}/bias.log",
    benchmark:
        f"{EVALUATE}/bias.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    params:
        settings=settings("evaluate", "linear"),
    shell:
        "python3 -m fame bias"
        ' --scale "$SCALE"'
        " --features {input.features:q}"
        " --bias-features {input.altered:q}"
        " --out {output.json:q}"
        " > {log:q} 2>&1"


rule retrieval:
    input:
        features=f"{EVALUATE}/features-{SCALE.evaluate.retrieval.colours}.npz",
        code=module("evaluate/tasks/retrieval.py", "pipeline/tasks.py"),
    output:
        multiext(f"{EVALUATE}/retrieval", json=".json", parquet=".parquet"),
    log:
        f"{EVALUATE}/retrieval.log",
    benchmark:
        f"{EVALUATE}/retrieval.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=short_memory,
        runtime=short_minutes,
    params:
        settings=settings("evaluate", "retrieval"),
    shell:
        "python3 -m fame retrieval"
        ' --scale "$SCALE"'
        " --features {input.features:q}"
        " --out {output.json:q}"
        " > {log:q} 2>&1"


rule finetune:
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
        "../../environment.yml"
    threads: SCALE.resources.threads
    resources:
        gpu=min(1, SCALE.resources.gpus),
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    params:
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
