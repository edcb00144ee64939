"""Pretraining: a manifest to an encoder.

in    the run's manifest (none for random initialisation and for weights made elsewhere)
out   results/<scale>/pretrain/<run>/{encoder.safetensors,card.json}
steps one job a run; equal recipes of all tables are one run. Checkpoints are not declared
      outputs, because Snakemake deletes those when a job fails: a killed job goes on.
"""


rule pretrain:
    input:
        manifest=manifest_of_run,
    output:
        encoder=f"{ROOT}/pretrain/{{run}}/encoder.safetensors",
        card=f"{ROOT}/pretrain/{{run}}/card.json",
    log:
        f"{ROOT}/pretrain/{{run}}/pretrain.log",
    benchmark:
        f"{ROOT}/pretrain/{{run}}/pretrain.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: SCALE.resources.threads
    resources:
        gpu=gpus_of_run,
        nodes=nodes_of_run,
        # Snakemake's words for a job that starts tasks on its machines by itself.
        mpi=lambda w: "srun" if nodes_of_run(w) > 1 else None,
        tasks=lambda w: nodes_of_run(w) if nodes_of_run(w) > 1 else None,
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    params:
        recipe=recipe_of_run,
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
