"""Pretraining: a manifest to an encoder.

in    the manifest of the run's dataset (none for random initialisation and imported weights)
out   results/<scale>/pretrain/<run>/{encoder.safetensors,card.json}
steps one job per run; equal recipes in any tables share a run. Checkpoints are not declared as
      outputs, because Snakemake would delete them when a job fails; a killed job resumes.
"""


rule pretrain:
    """Train a run's encoder, or write one that needs no training."""
    input:
        manifest=lambda w: manifest_of(EXPERIMENTS.run(w.run).data_id(SCALE)),
    output:
        encoder=f"{ROOT}/pretrain/{{run}}/encoder.safetensors",
        card=f"{ROOT}/pretrain/{{run}}/card.json",
    log:
        f"{ROOT}/pretrain/{{run}}/pretrain.log",
    benchmark:
        f"{ROOT}/pretrain/{{run}}/pretrain.benchmark.tsv"
    conda:
        ENVIRONMENT
    threads: SCALE.resources.threads
    resources:
        **HEAVY,
        gpu=lambda w: EXPERIMENTS.gpus_of(w.run),
        nodes=lambda w: EXPERIMENTS.nodes_of(w.run),
        # Snakemake's way to declare a job that starts tasks on its machines by itself.
        mpi=lambda w: "srun" if EXPERIMENTS.nodes_of(w.run) > 1 else None,
        tasks=lambda w: EXPERIMENTS.nodes_of(w.run) if EXPERIMENTS.nodes_of(w.run) > 1 else None,
    params:
        recipe=lambda w: json.dumps(EXPERIMENTS.run(w.run).recipe, sort_keys=True),
        manifest=lambda w, input: ["--manifest", input.manifest] if input.manifest else [],
        directory=lambda w, output: str(Path(output.card).parent),
    shell:
        "exec python3 -m fame pretrain"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --run {wildcards.run:q}"
        " {params.manifest:q}"
        " --threads {threads}"
        " --processes {resources.gpu}"
        " --nodes {resources.nodes}"
        " --out {params.directory:q}"
        " >> {log:q} 2>&1"
