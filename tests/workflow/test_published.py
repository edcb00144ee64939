"""What lies in results/ after `all` is what results/README.md promises."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLES = ["probes", *(f"table{number}" for number in range(1, 7))]
MEASURED = ["bias", "mask_quality", "claims", "headline", "figure1", "figure3"]
FIGURES = [f"figure{number}" for number in range(1, 5)]


def names(stems, *suffixes):
    return {f"{stem}.{suffix}" for stem in stems for suffix in suffixes}


def test_all_publishes_tables_figures_their_numbers_and_the_page(tmp_path):
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--dry-run"]
    command += ["--cores", "1", "--directory", tmp_path, "all"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    outputs = ", ".join(re.findall(r"^ +output: (.*)$", text, re.MULTILINE)).split(", ")
    published = {path.removeprefix("results/") for path in outputs if path.count("/") == 1}
    pictures = names({*MEASURED, *FIGURES}, "png", "pdf")
    numbers = names(MEASURED, "csv") | names(TABLES, "csv", "md", "tex")
    assert published == pictures | numbers | {"report.html"}


def test_the_manual_names_every_file_that_is_not_a_picture_of_another():
    manual = (ROOT / "results" / "README.md").read_text()
    for name in names(MEASURED, "csv") | {"figure1.png", "figure4.png", "report.html"}:
        assert f"`{name}`" in manual
