"""Evaluation: an encoder and a dataset to accuracies.

in    encoder.safetensors of a run, manifest of a dataset
out   results/<scale>/evaluate/<run>/<data>/{linear,retrieval,finetune,bias}.json
      activation maps beside them; results/<scale>/data/<data>/mask_quality.csv and the examples
      that Figures 2 and 4 show
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
    """Encode every video once, in all the ways that the evaluations need."""
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
        ENVIRONMENT
    threads: SCALE.resources.threads
    resources:
        **ON_GPU,
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
    """Train a linear probe on an encoder's features."""
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
        ENVIRONMENT
    resources:
        **SHORT,
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
    """Measure how much an encoder relies on the background and on motion."""
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
        ENVIRONMENT
    resources:
        **SHORT,
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
    """Retrieve training videos for test videos."""
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
        ENVIRONMENT
    resources:
        **SHORT,
    params:
        settings=settings("evaluate", "retrieval"),
    shell:
        "python3 -m fame retrieval"
        ' --scale "$SCALE"'
        " --features {input.features:q}"
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
    """Compute activation maps on test videos, and their share on the foreground."""
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
        ENVIRONMENT
    threads: SCALE.resources.threads
    resources:
        **ON_GPU,
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


rule mask_quality:
    """Score each mask variant against the true foreground of a mini world."""
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
        ENVIRONMENT
    resources:
        **HEAVY,
    params:
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
    """Make the first training pair that a run sees, as Figure 2 shows it."""
    input:
        manifest=MANIFEST,
        code=masks(
            "augment/crop.py",
            "augment/merge.py",
            "augment/views.py",
            "augment/photometric.py",
            "augment/view_draws.py",
            "evaluate/masks/pictures.py",
            "evaluate/masks/examples.py",
        ),
    output:
        f"{ROOT}/data/{{data}}/training_pair.npz",
    log:
        f"{ROOT}/data/{{data}}/training_pair.log",
    conda:
        ENVIRONMENT
    resources:
        **SHORT,
    params:
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
    """Mask a clip of some test videos by each variant, as Figure 4 shows them."""
    input:
        manifest=MANIFEST,
        code=masks(
            "evaluate/masks/windows.py",
            "evaluate/masks/pictures.py",
            "evaluate/masks/examples.py",
            "evaluate/masks/variants.py",
        ),
    output:
        f"{ROOT}/data/{{data}}/masked_clips.npz",
    log:
        f"{ROOT}/data/{{data}}/masked_clips.log",
    conda:
        ENVIRONMENT
    resources:
        **SHORT,
    params:
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
