"""The page in a real browser: whole, silent, offline, and never wider than the screen.

$FAME_RESULTS names a folder of finished results (`results/`, with report.html and the tables);
without it the page is made of numbers that were made up.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from micro_world import ROOT
from tools import lacking

from benchmarks.browser import browser, find
from fame.config.reading import load_table

pytestmark = pytest.mark.slow

PHONE, DESKTOP, PAPER = 390, 1280, 703  # CSS pixels; paper: A4 less the page's own margins
LOCAL = ("file:", "data:")

CELLS = """Object.fromEntries([...document.querySelectorAll("[data-cell]")]
  .map(cell => [cell.dataset.cell, cell.innerText.trim()]))"""
WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
BROKEN = "[...document.images].filter(one => !one.naturalWidth).length"
CLOSED = "[...document.querySelectorAll('details')].forEach(one => one.open = true)"


@dataclass(frozen=True)
class Site:
    """A page, and the folder with the tables that it shows."""

    page: Path
    tables: Path


@pytest.fixture(scope="module")
def site(request):
    if given := os.environ.get("FAME_RESULTS"):
        return Site(Path(given) / "report.html", Path(given))
    from made_results import publish_page

    experiments, folder = request.getfixturevalue("mini_results")
    return Site(publish_page(experiments, folder), folder.parent)


@pytest.fixture(scope="module")
def tab():
    executable = find()
    if executable is None:
        lacking("no Chromium on the path: install one to open the page in it")
    with browser(executable) as opened:
        yield opened


@pytest.fixture
def opened(tab, site):
    """The page, opened at a desktop's width."""
    tab.requests.clear()
    tab.complaints.clear()
    tab.size(DESKTOP, 900)
    tab.open(site.page)
    return tab


def expected(tables):
    """What each cell must begin with, from the CSV files: a number or a dash."""
    for file in sorted((ROOT / "config" / "tables").glob("*.yaml")):
        if file.stem == "figures":  # not a table
            continue
        table = load_table(file)
        frame = pd.read_csv(tables / f"{table.name}.csv")
        assert len(frame) == len(table.rows)
        for number, row in frame.iterrows():
            for key in table.columns:
                for kind in ("published", "measured"):
                    value = row[f"{key}_{kind}"]
                    text = "–" if pd.isna(value) else f"{value:.1f}"
                    yield f"{table.name}:{number}:{key}:{kind}", text


def test_every_cell_of_every_table_is_in_the_document(opened, site):
    shown, wanted = opened.evaluate(CELLS), dict(expected(site.tables))
    assert len(wanted) > 200
    assert {name: text.split()[0] for name, text in shown.items()} == wanted


def test_no_request_leaves_and_nothing_complains(opened):
    opened.evaluate(CLOSED)
    assert opened.requests[0].startswith("file:")
    assert [url for url in opened.requests if not url.startswith(LOCAL)] == []
    assert opened.complaints == []
    assert opened.evaluate(BROKEN) == 0


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_page_is_not_wider_than_the_screen(opened, site, width):
    opened.size(width, 844, phone=width == PHONE)
    opened.open(site.page)
    opened.evaluate(CLOSED)
    needed, given = opened.evaluate(WIDTHS)
    assert given == width
    assert needed <= given


def test_the_page_is_not_wider_than_paper(opened, tmp_path):
    opened.size(PAPER, 1000)
    opened.call("Emulation.setEmulatedMedia", media="print")
    needed, given = opened.evaluate(WIDTHS)
    opened.print(tmp_path / "page.pdf")
    opened.call("Emulation.setEmulatedMedia", media="")
    assert needed <= given
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


ROWS = """[...document.querySelector("table[data-table=table5]").tBodies[0].rows]
  .filter(row => !row.hidden).map(row => row.cells[0].firstChild.textContent.trim())"""
COLUMN = """[...document.querySelectorAll("table[data-table=table5] [data-cell]")]
  .filter(cell => cell.dataset.cell.endsWith(":ucf101:measured"))
  .map(cell => cell.innerText.trim())"""
HEAD = """[...document.querySelectorAll("table[data-table=table5] thead tr")].at(-1)
  .cells[1].querySelector("button").click()"""
FILTER = """{ const field = document.querySelector("input[type=search]");
  field.value = "%s"; field.dispatchEvent(new Event("input")); }"""


def test_a_head_sorts_up_down_and_back_with_dashes_last(opened):
    before = opened.evaluate(COLUMN)
    known = sorted(float(text.split()[0]) for text in before if text != "–")
    dashes = ["–"] * (len(before) - len(known))
    for expected in (known, known[::-1]):
        opened.evaluate(HEAD)
        texts = opened.evaluate(COLUMN)
        assert [float(text.split()[0]) for text in texts[: len(known)]] == expected
        assert texts[len(known) :] == dashes
    opened.evaluate(HEAD)
    assert opened.evaluate(COLUMN) == before
    assert opened.complaints == []


def test_a_filter_keeps_the_rows_with_every_word(opened):
    every = opened.evaluate(ROWS)
    opened.evaluate(FILTER % "fame i3d")
    assert opened.evaluate(ROWS) and set(opened.evaluate(ROWS)) == {"FAME"}
    opened.evaluate(FILTER % "")
    assert opened.evaluate(ROWS) == every


def test_without_the_script_no_control_is_left_that_does_nothing(opened, site):
    cells = opened.evaluate(CELLS)
    opened.call("Emulation.setScriptExecutionDisabled", value=True)
    opened.open(site.page)
    opened.call("Emulation.setScriptExecutionDisabled", value=False)
    assert opened.evaluate(CELLS) == cells
    assert opened.evaluate("document.querySelectorAll('button, input').length") == 0


SHOWN = """[...document.querySelectorAll("table[data-table=%s] thead th")]
  .filter(head => head.offsetWidth).map(head => head.innerText.trim())"""


def test_a_phone_folds_what_describes_a_row_and_constant_columns(opened, site):
    heads = {name: opened.evaluate(SHOWN % name) for name in ("table5", "runs")}
    opened.size(PHONE, 844, phone=True)
    opened.open(site.page)
    assert "Backbone" in heads["table5"]
    assert "Backbone" not in opened.evaluate(SHOWN % "table5")
    folded = set(heads["runs"]) - set(opened.evaluate(SHOWN % "runs"))
    said = opened.evaluate("[...document.querySelectorAll('.constants')].map(one => one.innerText)")
    assert folded and all(any(f"{head}: " in text for text in said) for head in folded)


def test_a_page_that_calls_home_would_be_noticed(opened, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<script>console.error('oh'); undefinedName()</script><img src='http://example.org/a.png'>"
    )
    opened.open(bad)
    assert "http://example.org/a.png" in opened.requests
    assert any("oh" in text for text in opened.complaints)
    assert any("Uncaught" in text for text in opened.complaints)
    assert opened.evaluate(BROKEN) == 1


def test_snakemakes_own_report_opens_offline(opened):
    """`.ci/run` makes it; $FAME_REPORT is where."""
    if not (report := os.environ.get("FAME_REPORT")):
        pytest.skip("$FAME_REPORT names no report of `snakemake --report`")
    opened.open(Path(report))
    text = opened.evaluate("document.body.innerText")
    for part in ("FAME, reproduced", "All on one page", "Tables", "Figures", "Claims and measures"):
        assert part in text
    assert [url for url in opened.requests if not url.startswith((*LOCAL, "blob:"))] == []
    # Its style library warns that it should have been compiled.
    assert [text for text in opened.complaints if "tailwindcss" not in text] == []
