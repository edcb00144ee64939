"""One look for all figures: equal figures are equal files, and nothing is left half written."""

import re

import matplotlib
import matplotlib.pyplot as plt
import pytest

from fame.core.errors import FameError
from fame.report.style import COLOURS, PALETTE, TEXT_WIDTH, colours, footnote, save, style


def plot(path):
    with style():
        figure, ax = plt.subplots(figsize=(2, 1))
        ax.plot([0, 1], [1, 0], label="line")
        ax.legend()
        return save(figure, path)


def test_equal_figures_are_equal_files(tmp_path):
    first, second = plot(tmp_path / "a"), plot(tmp_path / "b")
    assert [path.name for path in first] == ["a.png", "a.pdf"]
    for one, two in zip(first, second, strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_files_name_no_date_and_no_program(tmp_path):
    png, pdf = (path.read_bytes() for path in plot(tmp_path / "a"))
    assert b"matplotlib" not in png.lower()
    assert b"CreationDate" not in pdf
    assert b"/Type3" not in pdf  # text stays text


def test_a_png_has_300_dots_an_inch(tmp_path):
    png, _ = plot(tmp_path / "a")
    assert plt.imread(png).shape[:2] == (300, 600)


@pytest.mark.parametrize("name", ["a", "a.png", "a.pdf"])
def test_an_ending_may_be_given(tmp_path, name):
    assert [path.name for path in plot(tmp_path / name)] == ["a.png", "a.pdf"]


def test_another_dot_is_part_of_the_name(tmp_path):
    assert plot(tmp_path / "beta-0.5")[0].name == "beta-0.5.png"


def test_the_readers_own_settings_neither_show_nor_change(tmp_path):
    plain = plot(tmp_path / "a")[0].read_bytes()
    with plt.rc_context({"lines.linewidth": 9, "font.size": 20, "axes.facecolor": "red"}):
        assert plot(tmp_path / "b")[0].read_bytes() == plain
        assert matplotlib.rcParams["lines.linewidth"] == 9


def test_saving_closes_also_when_it_fails(tmp_path):
    (tmp_path / "file").touch()
    before = plt.get_fignums()
    with pytest.raises((FameError, OSError)):
        plot(tmp_path / "file" / "a")
    assert plt.get_fignums() == before


def test_the_palette_is_of_distinct_colours():
    assert all(re.fullmatch("#[0-9A-F]{6}", colour) for colour in PALETTE.values())
    assert len(set(PALETTE.values())) == len(PALETTE)
    assert len(set(COLOURS)) == len(COLOURS)


def test_a_title_gets_its_methods_colour_and_no_two_share_one():
    titles = ["Supervised", "Contrastive", "FAME", "Random initialisation", "Grid", "Seed"]
    found = colours(titles)
    roles = ("supervised", "moco", "fame", "random")
    assert found[:4] == [PALETTE[role] for role in roles]
    assert len(set(found)) == len(titles)


def test_a_long_footnote_stays_on_the_page():
    with style():
        figure, _ = plt.subplots(figsize=(TEXT_WIDTH, 2))
        footnote(figure, "words of a middling length " * 20)
        figure.canvas.draw()
        box = figure._supxlabel.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= figure.bbox.x1
        plt.close(figure)
