"""Copies in `results/`: whole, and never one scale's numbers for another's without a word."""

import pytest
from typer.testing import CliRunner

from fame.cli import app
from fame.core.errors import FameError
from fame.operate.panel.asked import LIVE
from fame.report.publish import publish

SUFFIXES = (".csv", ".md", ".tex")


def table(folder, scale):
    """The files of a table whose rows name a scale."""
    folder.mkdir(exist_ok=True)
    for suffix in SUFFIXES:
        (folder / f"table5{suffix}").write_text(f"method,scale\nX,{scale}\n")
    return [folder / f"table5{suffix}" for suffix in SUFFIXES]


def test_another_scales_table_is_replaced_with_a_word(tmp_path):
    mini, paper = (table(tmp_path / name, name) for name in ("mini", "paper"))
    target = tmp_path / "results" / "table5.csv"
    assert publish(mini, target.parent) is None
    assert publish(mini, target.parent) is None
    for suffix in SUFFIXES:  # as Snakemake does before the rule runs
        target.with_suffix(suffix).unlink()
    sentence = publish(paper, target.parent)
    assert sentence == f"note: {target}: the mini table was replaced by the paper table"
    for file in paper:
        assert (target.parent / file.name).read_bytes() == file.read_bytes()


def test_a_table_of_no_known_scale_is_replaced_with_a_word(tmp_path):
    (tmp_path / "table5.csv").write_text("")
    sentence = publish(table(tmp_path / "mini", "mini"), tmp_path)
    assert "the unknown table was replaced by the mini table" in str(sentence)


def test_nothing_is_copied_if_a_file_is_missing(tmp_path):
    files = table(tmp_path / "mini", "mini")
    files[2].unlink()
    with pytest.raises(FameError, match=r"table5\.tex: no such file; make it first"):
        publish(files, tmp_path / "results")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("content", [b"\x89PNG", b"layer,std\n1,0.5\n", b""])
def test_files_without_a_scale_are_copied_as_they_are(tmp_path, content):
    file = tmp_path / "figure3.csv"
    file.write_bytes(content)
    assert publish([file], tmp_path / "results") is None
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["figure3.csv"]
    assert (tmp_path / "results" / "figure3.csv").read_bytes() == content


@pytest.mark.parametrize("live", ["", "1"])
def test_the_word_stays_off_a_terminal_with_a_panel(tmp_path, monkeypatch, live):
    """It is on standard output otherwise, which the workflow shows; the log has both."""
    monkeypatch.setenv(LIVE, live)
    (tmp_path / "table5.csv").write_text("")
    words = ["publish", *map(str, table(tmp_path / "mini", "mini")), "--to", str(tmp_path)]
    result = CliRunner().invoke(app, words)
    said, other = (result.stderr, result.stdout) if live else (result.stdout, result.stderr)
    assert result.exit_code == 0
    assert said.startswith("note: ") and other == ""
