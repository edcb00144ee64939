"""The page: whole, self-contained, accessible, and refused if a part is missing or wrong."""

import itertools
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pandas as pd
import pytest
from made_results import publish_page

from fame.core.errors import FameError
from fame.core.files import read_json, sha256, write_json
from fame.core.packages import LOCK
from fame.report.page.outcome import AUTHORS_CODE, PAPER
from fame.report.page.page import page

VOID = {"meta", "link", "img", "br", "rect", "path"}


class Page(HTMLParser):
    """What the tests ask of a page: elements with attributes, and texts by element."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self._open = [], {}, []
        self.feed(text)
        assert not self._open, "an element is not closed"

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.elements[self._open.pop()][0] == tag

    def handle_data(self, data):
        for at in self._open:
            self.texts[at] = self.texts.get(at, "") + data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text_of(self, name):
        """The texts of all elements that have an attribute, by its value."""
        return {
            attributes[name]: self.texts.get(at, "")
            for at, (_, attributes) in enumerate(self.elements)
            if name in attributes
        }


@pytest.fixture(scope="module")
def made(mini_results):
    given, folder = mini_results
    return given, folder, publish_page(given, folder)


@pytest.fixture(scope="module")
def parsed(made):
    return Page(made[2].read_text(encoding="utf-8"))


def test_every_cell_of_every_table_is_there(made, parsed):
    given, folder, _ = made
    shown = parsed.text_of("data-cell")
    for name, table in given.tables.items():
        frame = pd.read_csv(folder / "tables" / f"{name}.csv")
        for row, cells in frame.iterrows():
            for key in table.columns:
                published, mean = cells[f"{key}_published"], cells[f"{key}_measured"]
                at = f"{name}:{row}:{key}"
                quoted = "–" if pd.isna(published) else f"{published:.1f}"
                assert shown.pop(f"{at}:published") == quoted
                assert shown.pop(f"{at}:measured").split()[0] == (
                    "–" if pd.isna(mean) else f"{mean:.1f}"
                )
    assert not shown


def test_every_card_is_embedded_whole_and_escaped(made, parsed):
    given, folder, path = made
    shown = parsed.text_of("data-card")
    assert list(shown) == list(given.runs)
    for run, text in shown.items():
        card = folder / "pretrain" / run / "card.json"
        assert read_json(card) == json.loads(text)
    assert "<b>not bold</b>" not in path.read_text(encoding="utf-8")


def test_nothing_is_loaded_from_elsewhere(made, parsed):
    assert parsed.all("script") == [{}]  # its own, in the page
    for tag, attributes in parsed.elements:
        for name in ("src", "href", "srcset", "action", "data"):
            led = ("#", "data:", "https:") if (tag, name) == ("a", "href") else ("#", "data:")
            assert attributes.get(name, "#").startswith(led)
    assert "url(" not in made[2].read_text(encoding="utf-8")
    assert "@import" not in made[2].read_text(encoding="utf-8")


def test_links_lead_somewhere_and_ids_are_unique(parsed):
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [a["href"] for a in parsed.all("a") if "download" not in a]
    away = {link for link in links if link.startswith("https:")}
    assert away == {PAPER, AUTHORS_CODE}
    links = [link for link in links if link not in away]
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert {f"table{n}" for n in range(1, 7)} <= {link.removeprefix("#") for link in links}


def test_readers_who_cannot_see_are_told(parsed):
    assert all(len(image["alt"]) > 40 for image in parsed.all("img"))
    assert len(parsed.all("table")) == len(parsed.all("caption"))
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert all("scope" in head for head in parsed.all("th"))
    assert [html["lang"] for html in parsed.all("html")] == ["en"]


def test_the_first_screen_has_the_outcome_and_a_dot_for_each_seed(made, parsed):
    (sentence,) = re.findall(r'<p class="lead">(.*?)</p>', made[2].read_text(encoding="utf-8"))
    assert sentence.startswith("FAME reaches 52.0 % and MoCo 42.0 % at scale mini (linear probe,")
    assert "a difference of +10.0 points, 95 % interval +10.0 to +10.0." in sentence
    (picture,) = [one for one in parsed.all("svg") if one["class"] == "plot outcome"]
    assert (
        "linear probe, mini UCF101 (generated), R(2+1)D, 8 wide: +10.0 ± 0.0"
        in picture["aria-label"]
    )


def test_every_measured_number_leads_to_its_runs_and_has_a_dot_for_each_seed(made, parsed):
    given, _, _ = made
    measured = sum(1 for _ in given.cells(given.tables))
    links = [a["href"] for a in parsed.all("a") if a["href"].startswith("#runs-of-")]
    strips = [one for one in parsed.all("svg") if one["class"] == "strip"]
    assert len(links) == len(strips) == measured
    assert all(one["aria-label"].count("seed ") == 3 for one in strips)


def test_mini_is_labelled(made):
    text = made[2].read_text(encoding="utf-8")
    assert "The mini numbers may not be compared with the published ones" in text
    assert '<span class="badge">scale mini</span>' in text


def test_all_parts_are_there(made, parsed):
    ids = {attributes.get("id") for _, attributes in parsed.elements}
    assert ids >= {
        "figure1",
        "figure2",
        "figure3",
        "figure4",
        "claims",
        "bias",
        "mask_quality",
        "headline",
    }
    assert ids >= {"cost", "runs", "cards", "how", "versions", "configuration"}
    text = made[2].read_text(encoding="utf-8")
    assert text.count("data:image/webp;base64,") == 9
    ours = [text.index(f'<h2 id="{name}"') for name in ("headline", "claims", "bias")]
    assert ours == sorted(ours)
    assert "snakemake 9" in text
    assert "cosine" in text  # of the configuration


def test_the_page_names_the_lock_and_what_departs_from_it(own_results):
    given, folder = own_results
    path = folder / "pretrain" / next(iter(given.runs)) / "card.json"
    card = read_json(path)
    card["environment"]["lock"] = {"sha256": "ab" * 32, "departures": {"av": "19.0.2"}}
    write_json(path, card)
    text = page(given, folder)
    own = sha256(LOCK)[:12]
    assert re.search(rf"page was made with .*requirements\.lock \(SHA-256 {own}\.\.\.\)", text)
    assert "requirements.lock (SHA-256 abababababab...) but for av 19.0.2, on cpu." in text


def test_a_scale_without_true_masks_has_no_mask_quality(own_results):
    given, folder = own_results
    (folder / "figures" / "mask_quality.png").unlink()
    parsed = Page(page(given, folder))
    assert "mask_quality" not in {attributes.get("id") for _, attributes in parsed.elements}


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("tables/table5.csv", None, r"table5\.csv: no such table; make it first"),
        ("tables/table5.csv", "method\n", r"table5\.csv: not of the current table file"),
        ("pretrain/{run}/metrics.jsonl", "{}\n", r"line 1 is not a step of a training"),
        ("tables/table5.tex", None, r"table5\.tex: cannot be read .*; make it first"),
        ("figures/bias.csv", "arm\nFAME\n", r"bias\.csv: lacks the columns dataset, seed"),
        ("figures/claims.csv", None, r"claims\.csv: no such table"),
    ],
)
def test_what_is_missing_or_damaged_is_named(own_results, file, content, sentence):
    given, folder = own_results
    file = file.format(run=next(iter(given.runs)))
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(content)
    with pytest.raises(FameError, match=sentence):
        page(given, folder)


def test_the_command_refuses_a_card_of_other_weights(own_results, tmp_path):
    given, folder = own_results
    run = list(given.runs)[-1]
    (folder / "pretrain" / run / "encoder.safetensors").write_bytes(b"other weights")
    command = [sys.executable, "-m", "fame", "report", "--scale", "mini", "--results", folder]
    command += ["--out", tmp_path / "report.html"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert f"{run}/card.json does not describe encoder.safetensors beside it" in line
    assert not (tmp_path / "report.html").exists()
