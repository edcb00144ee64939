"""Data: videos to manifests.

in    a mini world's settings, or a real dataset's folder and annotations (from the scale)
out   results/<scale>/data/<data>/manifest.parquet, and quarantine.csv beside it;
      for a dataset with `prepare` also originals.parquet, prepared/*.json and prepared.json
steps generate the world (mini scales), or check the real dataset and download missing parts if
      its terms are accepted; read annotations and open every video; make small copies of videos
      if the scale says so
"""

PREPARED = "|".join(SCALE.prepared)
UNPREPARED = rf"(?!(?:{PREPARED})/)[A-Za-z0-9_-]+" if PREPARED else r"[A-Za-z0-9_-]+"


rule world:
    """Generate a mini world: videos, annotations and the truth about them."""
    output:
        directory(f"{ROOT}/data/{{data}}/world"),
    log:
        f"{ROOT}/data/{{data}}/world.log",
    benchmark:
        f"{ROOT}/data/{{data}}/world.benchmark.tsv"
    conda:
        ENVIRONMENT
    resources:
        **HEAVY,
    params:
        code=code("world"),
        settings=settings_of_data,
    shell:
        "python3 -m fame world"
        ' --scale "$SCALE"'
        " --data {wildcards.data:q}"
        " --out {output:q}"
        " > {log:q} 2>&1"


rule source:
    """Check that a dataset is in place, and download missing parts if its terms are accepted."""
    output:
        f"{ROOT}/data/{{data}}/source.json",
    log:
        f"{ROOT}/data/{{data}}/source.log",
    benchmark:
        f"{ROOT}/data/{{data}}/source.benchmark.tsv"
    # On the machine that runs Snakemake: nodes of a cluster often have no network.
    localrule: True
    conda:
        ENVIRONMENT
    params:
        settings=settings_of_data,
    shell:
        "python3 -m fame source"
        ' --scale "$SCALE"'
        " --data {wildcards.data:q}"
        ' --sources "$SOURCES"'
        ' --accept-terms "$ACCEPTED"'
        " --out {output:q}"
        " > {log:q} 2>&1"


rule index:
    """Read the annotations, open every video, and list those that can be used."""
    input:
        world=world_of,
        source=lambda w: [] if is_world(w.data) else f"{ROOT}/data/{w.data}/source.json",
    output:
        manifest=f"{ROOT}/data/{{data}}/manifest.parquet",
    log:
        text=f"{ROOT}/data/{{data}}/index.log",
        # A log, because Snakemake must not delete it after the failure that it explains.
        quarantine=f"{ROOT}/data/{{data}}/quarantine.csv",
    benchmark:
        f"{ROOT}/data/{{data}}/index.benchmark.tsv"
    wildcard_constraints:
        data=UNPREPARED,
    conda:
        ENVIRONMENT
    threads: SCALE.resources.threads
    resources:
        **HEAVY,
    params:
        code=code("index"),
        settings=settings_of_data,
        world=lambda w, input: ["--world", input.world] if input.world else [],
    shell:
        "python3 -m fame index"
        ' --scale "$SCALE" --tables "$TABLES"'
        " --data {wildcards.data:q}"
        " {params.world:q}"
        " --workers {threads}"
        " --out {output.manifest:q}"
        " > {log.text:q} 2>&1"


if PREPARED:

    use rule index as index_originals with:
        """List the original videos of a dataset that is read from small copies."""
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
        """Write small copies of one part of a dataset's videos."""
        input:
            originals=f"{ROOT}/data/{{data}}/originals.parquet",
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
            ENVIRONMENT
        threads: SCALE.resources.threads
        resources:
            **HEAVY,
        params:
            code=code("prepare"),
            settings=settings_of_data,
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
        """List all small copies in one manifest."""
        input:
            originals=f"{ROOT}/data/{{data}}/originals.parquet",
            records=lambda w: [
                f"{ROOT}/data/{w.data}/prepared/{part}.json"
                for part in SCALE.datasets[w.data].prepare.parts
            ],
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
            ENVIRONMENT
        resources:
            **SHORT,
        params:
            code=code("gather"),
            settings=settings_of_data,
        shell:
            "python3 -m fame gather"
            ' --scale "$SCALE"'
            " --data {wildcards.data:q}"
            " --originals {input.originals:q}"
            " --out {output.manifest:q}"
            " {input.records:q}"
            " > {log:q} 2>&1"
