"""Data: videos to manifests.

in    a mini world's settings, or a real dataset's folder and annotations (the scale names both)
out   results/<scale>/data/<data>/manifest.parquet, quarantine.csv beside it
      and, of a dataset with `prepare`, originals.parquet, prepared/*.json and prepared.json
steps generate the world (mini scales); or find the dataset where the scale says, and download
      what is missing if its terms are accepted; read annotations, open every video;
      copy videos small, if the scale says so
"""

PREPARED = "|".join(prepared_datasets())
UNPREPARED = rf"(?!(?:{PREPARED})/)[A-Za-z0-9_-]+" if PREPARED else r"[A-Za-z0-9_-]+"


rule world:
    input:
        module(
            "data/synthetic/motions.py",
            "data/synthetic/scenes.py",
            "data/synthetic/sprites.py",
            "data/synthetic/world.py",
        ),
    output:
        directory(f"{ROOT}/data/{{data}}/world"),
    log:
        f"{ROOT}/data/{{data}}/world.log",
    benchmark:
        f"{ROOT}/data/{{data}}/world.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    params:
        settings=dataset_settings,
    shell:
        "python3 -m fame world"
        ' --scale "$SCALE"'
        " --data {wildcards.data:q}"
        " --out {output:q}"
        " > {log:q} 2>&1"


rule source:
    output:
        f"{ROOT}/data/{{data}}/source.json",
    log:
        f"{ROOT}/data/{{data}}/source.log",
    benchmark:
        f"{ROOT}/data/{{data}}/source.benchmark.tsv"
    # On the machine that runs Snakemake: nodes of a cluster often have no network.
    localrule: True
    conda:
        "../../environment.yml"
    params:
        settings=dataset_settings,
    shell:
        "python3 -m fame source"
        ' --scale "$SCALE"'
        " --data {wildcards.data:q}"
        ' --sources "$SOURCES"'
        ' --accept-terms "$ACCEPTED"'
        " --out {output:q}"
        " > {log:q} 2>&1"


rule index:
    input:
        world=world_of,
        source=source_of,
        code=module(
            "data/own.py",
            "data/groups.py",
            "data/index.py",
            "data/manifest.py",
            "data/video/decode.py",
        ),
    output:
        manifest=f"{ROOT}/data/{{data}}/manifest.parquet",
    log:
        text=f"{ROOT}/data/{{data}}/index.log",
        # A log, because it must outlive a failure that it explains.
        quarantine=f"{ROOT}/data/{{data}}/quarantine.csv",
    benchmark:
        f"{ROOT}/data/{{data}}/index.benchmark.tsv"
    wildcard_constraints:
        data=UNPREPARED,
    conda:
        "../../environment.yml"
    threads: SCALE.resources.threads
    resources:
        mem_mb=SCALE.resources.mem_mb,
        runtime=SCALE.resources.runtime,
    params:
        settings=dataset_settings,
        world=lambda w, input: ["--world", input.world] if input.world else [],
    shell:
        "python3 -m fame index"
        ' --scale "$SCALE"'
        " --data {wildcards.data:q}"
        " {params.world:q}"
        " --workers {threads}"
        " --out {output.manifest:q}"
        " > {log.text:q} 2>&1"


if PREPARED:

    use rule index as index_originals with:
        output:
            manifest=f"{ROOT}/data/{{data}}/originals.parquet",
        log:
            text=f"{ROOT}/data/{{data}}/index.log",
            quarantine=f"{ROOT}/data/{{data}}/quarantine.csv",
        benchmark:
            f"{ROOT}/data/{{data}}/index.benchmark.tsv"
        wildcard_constraints:
            data=PREPARED,

    rule prepare:
        input:
            originals=f"{ROOT}/data/{{data}}/originals.parquet",
            code=module("data/video/encode.py", "data/prepare.py", "data/video/transcode.py"),
        output:
            f"{ROOT}/data/{{data}}/prepared/{{shard}}-of-{{shards}}.json",
        log:
            f"{ROOT}/data/{{data}}/prepared/{{shard}}-of-{{shards}}.log",
        benchmark:
            f"{ROOT}/data/{{data}}/prepared/{{shard}}-of-{{shards}}.benchmark.tsv"
        wildcard_constraints:
            data=PREPARED,
            shard=r"\d+",
            shards=r"\d+",
        conda:
            "../../environment.yml"
        threads: SCALE.resources.threads
        resources:
            mem_mb=SCALE.resources.mem_mb,
            runtime=SCALE.resources.runtime,
        params:
            settings=dataset_settings,
        shell:
            "python3 -m fame prepare"
            ' --scale "$SCALE"'
            " --data {wildcards.data:q}"
            " --originals {input.originals:q}"
            " --shard {wildcards.shard} --shards {wildcards.shards}"
            " --workers {threads}"
            " --out {output:q}"
            " > {log:q} 2>&1"

    rule gather:
        input:
            originals=f"{ROOT}/data/{{data}}/originals.parquet",
            records=shards_of,
            code=module("data/prepare.py"),
        output:
            manifest=f"{ROOT}/data/{{data}}/manifest.parquet",
            summary=f"{ROOT}/data/{{data}}/prepared.json",
        log:
            f"{ROOT}/data/{{data}}/gather.log",
        benchmark:
            f"{ROOT}/data/{{data}}/gather.benchmark.tsv"
        wildcard_constraints:
            data=PREPARED,
        conda:
            "../../environment.yml"
        resources:
            mem_mb=SCALE.resources.short.mem_mb,
            runtime=SCALE.resources.short.runtime,
        params:
            settings=dataset_settings,
        shell:
            "python3 -m fame gather"
            ' --scale "$SCALE"'
            " --data {wildcards.data:q}"
            " --originals {input.originals:q}"
            " --out {output.manifest:q}"
            " {input.records:q}"
            " > {log:q} 2>&1"
