"""Evaluation: an encoder and a dataset to accuracies.

in    encoder.safetensors of a run, manifest of a dataset
out   results/<scale>/evaluate/<run>/<data>/{linear,retrieval,finetune}.json
steps encode every video once (features.npz); probe and retrieve from the features; finetune
"""

EVALUATE = f"{ROOT}/evaluate/{{run}}/{{data}}"
ENCODER = f"{ROOT}/pretrain/{{run}}/encoder.safetensors"
MANIFEST = f"{ROOT}/data/{{data}}/manifest.parquet"


rule extract:
    output:
        f"{EVALUATE}/features.npz",
    input:
        encoder=ENCODER,
        manifest=MANIFEST,
        code=module("evaluate/features.py", "evaluate/extract.py"),
    params:
        clips=settings("evaluate", "clips"),
        crop=settings("evaluate", "crop"),
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
    shell:
        "exec {FAME} extract"
        " {WITH_TABLES}"
        " --run {wildcards.run:q}"
        " --encoder {input.encoder:q}"
        " --manifest {input.manifest:q}"
        " --threads {threads}"
        " --out {output:q}"
        " > {log:q} 2>&1"


rule linear:
    output:
        f"{EVALUATE}/linear.json",
    input:
        features=rules.extract.output,
        code=module("evaluate/linear.py", "evaluate/tasks.py"),
    params:
        settings=settings("evaluate", "linear"),
    log:
        f"{EVALUATE}/linear.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    shell:
        "{FAME} linear"
        " {OPTIONS}"
        " --features {input.features:q}"
        " --out {output:q}"
        " > {log:q} 2>&1"


rule retrieve:
    output:
        f"{EVALUATE}/retrieval.json",
    input:
        features=rules.extract.output,
        code=module("evaluate/retrieval.py", "evaluate/tasks.py"),
    params:
        settings=settings("evaluate", "retrieval"),
    log:
        f"{EVALUATE}/retrieval.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    shell:
        "{FAME} retrieve"
        " {OPTIONS}"
        " --features {input.features:q}"
        " --out {output:q}"
        " > {log:q} 2>&1"


rule finetune:
    output:
        f"{EVALUATE}/finetune.json",
    input:
        encoder=ENCODER,
        manifest=MANIFEST,
    params:
        settings=settings("evaluate", "finetune"),
        crop=settings("evaluate", "crop"),
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
    shell:
        "exec {FAME} finetune"
        " {WITH_TABLES}"
        " --run {wildcards.run:q}"
        " --encoder {input.encoder:q}"
        " --manifest {input.manifest:q}"
        " --threads {threads}"
        " --out {output:q}"
        " >> {log:q} 2>&1"
