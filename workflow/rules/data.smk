"""Data: videos to manifests.

in    a mini world's settings, or a real dataset's folder and annotations (the scale names both)
out   results/<scale>/data/<data>/manifest.parquet, quarantine.csv beside it
steps generate the world (mini scales); or find the dataset where the scale says, and download
      what is missing if its terms are accepted; read annotations, open every video
"""


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


rule provide:
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
        "python3 -m fame provide"
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
            "data/annotations/folder.py",
            "data/annotations/grouped.py",
            "data/index.py",
            "data/look.py",
            "data/manifest.py",
            "data/video.py",
        ),
    output:
        manifest=f"{ROOT}/data/{{data}}/manifest.parquet",
    log:
        text=f"{ROOT}/data/{{data}}/index.log",
        # A log, because it must outlive a failure that it explains.
        quarantine=f"{ROOT}/data/{{data}}/quarantine.csv",
    benchmark:
        f"{ROOT}/data/{{data}}/index.benchmark.tsv"
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
