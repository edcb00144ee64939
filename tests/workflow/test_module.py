"""The workflow as a `module` of another one, with a prefix, in a folder that is not ours."""

import re
import subprocess
import sys

import pytest
from micro_world import MICRO, ROOT

pytestmark = pytest.mark.timeout(900)

OUTER = """
module fame:
    snakefile: "{home}/Snakefile"
    config: {{"scale": "{scale}"}}
    prefix: "background"

use rule * from fame as fame_*

rule mine:
    default_target: True
    input:
        "background/results/table5.csv",
        "background/results/figure2.png",
    output:
        "mine.txt",
    shell:
        "cp {{input[0]}} {{output}}"
"""

PATH = re.compile(r"\S*results\S*")


def snakemake(place, outer, *arguments):
    (place / "Snakefile").write_text(outer.format(home=ROOT, scale=MICRO))
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *arguments],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_every_path_of_every_job_has_the_prefix(tmp_path):
    done = snakemake(tmp_path, OUTER, "--dry-run", "--printshellcmds")
    assert done.returncode == 0, done.stdout
    for rule in ("world", "index", "pretrain", "features", "finetune", "table", "publish"):
        assert f"rule fame_{rule}:" in done.stdout, rule
    paths = set(PATH.findall(done.stdout))
    assert len(paths) > 100
    # A word such as --results is an option, not a path.
    assert {path for path in paths if "background/results" not in path} == {"--results"}


@pytest.mark.slow
def test_a_job_is_done_from_the_outer_folder(tmp_path):
    target = "background/results/micro/data/ucf101-w0/manifest.parquet"
    done = snakemake(tmp_path, OUTER, target)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / target).is_file()
    assert {file.name for file in tmp_path.iterdir()} <= {"Snakefile", ".snakemake", "background"}


def test_a_second_scale_in_one_workflow_is_refused(tmp_path, root):
    again = OUTER.split("use rule", maxsplit=1)[0].replace("module fame", "module other")
    again = again.replace("{scale}", str(root / "config/scales/mini.yaml"))
    second = f"{OUTER}\n{again.replace('background', 'b')}\nuse rule * from other as other_*\n"
    done = snakemake(tmp_path, second, "--dry-run")
    assert done.returncode == 1
    assert "use one `module` of FAME" in done.stdout
