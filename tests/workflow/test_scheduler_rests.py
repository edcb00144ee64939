"""Snakemake's scheduler is woken when a job ends, not once a second for each that it started."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JOBS = 5
SNAKEFILE = f"""
include: "{ROOT}/Snakefile"

rule sleeps:
    input: expand("slept-{{n}}", n=range({JOBS}))

rule sleep:
    output: "slept-{{n}}"
    resources: mem_mb=10
    shell: "sleep 2; touch {{output}}"
"""


def looks(place, *options):
    """How often the scheduler considers its jobs, in five jobs of two seconds each."""
    place.mkdir()
    (place / "Snakefile").write_text(SNAKEFILE)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--verbose", "--nolock", *options]
    done = subprocess.run(
        [*command, "sleeps", "--config", f"tables={ROOT}/config/tables"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(list(place.glob("slept-*"))) == JOBS
    return done.stderr.count("Ready jobs: ")


@pytest.mark.slow
def test_it_is_not_woken_for_a_limit_that_nobody_chose(tmp_path):
    limit = ("--max-jobs-per-timespan", "50/1s")
    with ThreadPoolExecutor() as both:  # they sleep most of their time
        chosen = both.submit(looks, tmp_path / "chosen", *limit)
        resting = looks(tmp_path / "default")
    woken = chosen.result()
    assert JOBS <= resting <= 2 * (JOBS + 2) < woken
