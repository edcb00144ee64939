"""Pretraining: a manifest to an encoder.

in    the run's manifest (none for random initialisation)
out   results/<scale>/pretrain/<run>/{encoder.safetensors,card.json}
steps one job a run; equal recipes of all tables are one run. Checkpoints are not declared
      outputs, because Snakemake deletes those when a job fails: a killed job goes on.
"""


def launcher(wildcards, resources):
    """Plain Python, or torchrun with a process for every GPU."""
    gpus = SCALE.resources.gpus
    python = shlex.quote(sys.executable)
    if gpus < 2:
        return python
    if resources.gpu != gpus:
        raise WorkflowError(f"pretraining needs {gpus} GPUs but was given {resources.gpu}")
    return f"{python} -m torch.distributed.run --standalone --nproc_per_node={gpus}"


rule pretrain:
    output:
        encoder=f"{ROOT}/pretrain/{{run}}/encoder.safetensors",
        card=f"{ROOT}/pretrain/{{run}}/card.json",
    input:
        manifest=manifest_of_run,
    params:
        recipe=recipe_of_run,
        launcher=launcher,
        manifest=lambda w, input: ["--manifest", input.manifest] if input.manifest else [],
        directory=lambda w, output: str(Path(output.card).parent),
    log:
        f"{ROOT}/pretrain/{{run}}/log.txt",
    benchmark:
        f"{ROOT}/pretrain/{{run}}/benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: SCALE.resources.threads
    resources:
        gpu=SCALE.resources.gpus,
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    shell:
        "exec {params.launcher} -m fame pretrain"
        " {WITH_TABLES}"
        " --run {wildcards.run:q}"
        " {params.manifest:q}"
        " --threads {threads}"
        " --out {params.directory:q}"
        " >> {log:q} 2>&1"
