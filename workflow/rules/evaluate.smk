"""Evaluation: an encoder and a dataset to accuracies.

in    encoder.safetensors of a run, manifest of a dataset
out   results/<scale>/evaluate/<run>/<data>/{linear,retrieval,finetune}.json
steps encode every video once (features-pretraining.npz, or in the other colours that a scale
      names); probe and retrieve from the features; finetune
"""

EVALUATE = f"{ROOT}/evaluate/{{run}}/{{data}}"
ENCODER = f"{ROOT}/pretrain/{{run}}/encoder.safetensors"
MANIFEST = f"{ROOT}/data/{{data}}/manifest.parquet"
RAW = SCALE.evaluate.linear.train_colours == "raw"
RAW_FEATURES = [f"{EVALUATE}/features-raw.npz"] if RAW else []


wildcard_constraints:
    colours=r"[a-z]+",


rule extract:
    input:
        encoder=ENCODER,
        manifest=MANIFEST,
        code=module(
            "evaluate/colours.py",
            "evaluate/extract.py",
            "evaluate/features.py",
        ),
    output:
        f"{EVALUATE}/features-{{colours}}.npz",
    log:
        f"{EVALUATE}/features-{{colours}}.log",
    benchmark:
        f"{EVALUATE}/features-{{colours}}.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: SCALE.resources.threads
    resources:
        gpu=min(1, SCALE.resources.gpus),
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    params:
        clips=settings("evaluate", "clips"),
        crop=settings("evaluate", "crop"),
        mean=settings("pretrain", "views", "mean"),
        std=settings("pretrain", "views", "std"),
    shell:
        "exec python3 -m fame extract"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --run {wildcards.run:q}"
        " --encoder {input.encoder:q}"
        " --manifest {input.manifest:q}"
        " --colours {wildcards.colours:q}"
        " --threads {threads}"
        " --out {output:q}"
        " > {log:q} 2>&1"


rule linear:
    input:
        features=f"{EVALUATE}/features-pretraining.npz",
        raw=RAW_FEATURES,
        code=module("evaluate/linear.py", "evaluate/tasks.py"),
    output:
        f"{EVALUATE}/linear.json",
    log:
        f"{EVALUATE}/linear.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    params:
        settings=settings("evaluate", "linear"),
        raw=lambda w, input: ["--raw-features", input.raw] if input.raw else [],
    shell:
        "python3 -m fame linear"
        ' --scale "$SCALE"'
        " --features {input.features:q}"
        " {params.raw:q}"
        " --out {output:q}"
        " > {log:q} 2>&1"


rule retrieve:
    input:
        features=f"{EVALUATE}/features-{SCALE.evaluate.retrieval.colours}.npz",
        code=module("evaluate/retrieval.py", "evaluate/tasks.py"),
    output:
        f"{EVALUATE}/retrieval.json",
    log:
        f"{EVALUATE}/retrieval.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    params:
        settings=settings("evaluate", "retrieval"),
    shell:
        "python3 -m fame retrieve"
        ' --scale "$SCALE"'
        " --features {input.features:q}"
        " --out {output:q}"
        " > {log:q} 2>&1"


rule finetune:
    input:
        encoder=ENCODER,
        manifest=MANIFEST,
    output:
        f"{EVALUATE}/finetune.json",
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
        crop=settings("evaluate", "crop"),
    shell:
        "exec python3 -m fame finetune"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --run {wildcards.run:q}"
        " --encoder {input.encoder:q}"
        " --manifest {input.manifest:q}"
        " --threads {threads}"
        " --out {output:q}"
        " >> {log:q} 2>&1"
