"""LaTeX tables: the paper's layout, rectangular, balanced, escaped, and accepted by TeX."""

import re
import shutil
import subprocess

import pandas as pd
import pytest
from made_results import experiments, write_results
from micro_world import ROOT
from pydantic import ValidationError
from tools import lacking

from fame.config.tables import Column, Table
from fame.report.tables.build import build
from fame.report.tables.latex import NO, PACKAGES, YES, escape, latex

NAMES = [f"table{number}" for number in range(1, 7)]
ODD = r"[50%] *of*_{x} & $y$ #1 ~^\ <a|b> β ± × – — … é " + "\n\n end"
DOCUMENT = r"""\documentclass[10pt,twocolumn]{article}
\usepackage[textwidth=6.875in,textheight=8.875in]{geometry}
%s
\begin{document}
%s
\end{document}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A function that gives a scale's built table, its file and the scale."""
    places = {}

    def get(scale, name):
        if scale not in places:
            places[scale] = experiments(scale, ROOT), tmp_path_factory.mktemp(scale) / "evaluate"
            write_results(*places[scale])
        given, results = places[scale]
        return build(given, name, results), given.table(name), given.scale

    return get


def odd(frame, table, scale):
    """The same with odd characters wherever a user may write some."""
    frame = frame.assign(**{next(iter(table.show)): ODD})
    first = next(iter(table.columns))
    columns = {key: column.model_copy() for key, column in table.columns.items()}
    columns[first] = columns[first].model_copy(update={"group": ODD, "head": ODD})
    show = dict.fromkeys(table.show, ODD)
    update = {"title": ODD, "source": ODD, "columns": columns, "show": show}
    return frame, table.model_copy(update=update), scale.model_copy(update={"note": ODD})


def tabular(text):
    """The alignment, and the lines between."""
    match = re.search(r"\\begin{tabular}{(\w+)}\n(.*)\\end{tabular}", text, re.S)
    assert match
    return match[1], match[2].splitlines()


def cells(line):
    """The cells of a row, each with its width."""
    assert line.endswith(r" \\")
    found = re.split(r"(?<!\\)&", line.removesuffix(r"\\"))
    spans = [re.match(r"\s*\\multicolumn{(\d+)}", cell) for cell in found]
    return [
        (cell.strip(), int(span[1]) if span else 1) for cell, span in zip(found, spans, strict=True)
    ]


def rows(text):
    return [cells(line) for line in tabular(text)[1] if line.endswith(r"\\")]


def body(text):
    """The cells of the rows below the heads."""
    lines = tabular(text)[1]
    below = lines[lines.index(r"\midrule") :]
    return [[cell for cell, _ in cells(line)] for line in below if line.endswith(r"\\")]


def assert_well_formed(text):
    environments = []
    for word, name in re.findall(r"\\(begin|end){([^}]*)}", text):
        if word == "begin":
            environments.append(name)
        else:
            assert environments.pop() == name
    assert not environments
    bare = re.sub(r"\\[{}\\]", "", text)
    assert bare.count("{") == bare.count("}")
    assert re.sub(r"\\\$", "", text).count("$") % 2 == 0
    alignment, lines = tabular(text)
    for line in lines:
        if line.startswith(r"\cmidrule"):
            for first, last in re.findall(r"\\cmidrule\(lr\){(\d+)-(\d+)}", line):
                assert 1 <= int(first) <= int(last) <= len(alignment)
        elif line not in {r"\toprule", r"\midrule", r"\bottomrule"}:
            assert sum(width for _, width in cells(line)) == len(alignment)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scale", ["mini", "paper"])
def test_every_table_is_well_formed(built, scale, name):
    frame, table, settings = built(scale, name)
    text = latex(frame, table, settings)
    assert_well_formed(text)
    assert text.isascii()
    assert len(tabular(text)[0]) == len(table.show) + 2 * len(table.columns)
    assert len(body(text)) == len(table.rows)
    assert_well_formed(latex(*odd(frame, table, settings)))


def test_columns_with_a_common_head_stand_under_it(built):
    lines = tabular(latex(*built("mini", "table1")))[1]
    assert lines[1:6] == [
        r"\multicolumn{1}{l}{ours: scale mini} & \multicolumn{4}{c}{UCF101} & "
        r"\multicolumn{4}{c}{HMDB51} \\",
        r"\cmidrule(lr){2-5} \cmidrule(lr){6-9}",
        r" & \multicolumn{2}{c}{single} & \multicolumn{2}{c}{both} & "
        r"\multicolumn{2}{c}{single} & \multicolumn{2}{c}{both} \\",
        r"\cmidrule(lr){2-3} \cmidrule(lr){4-5} \cmidrule(lr){6-7} \cmidrule(lr){8-9}",
        r"beta & quoted & ours & quoted & ours & quoted & ours & quoted & ours \\",
    ]


def test_columns_without_one_do_not(built):
    found = rows(latex(*built("mini", "table3")))
    assert [cell for cell, _ in found[0]] == [
        r"\multicolumn{1}{l}{ours: scale mini}",
        r"\multicolumn{2}{c}{UCF101}",
        r"\multicolumn{2}{c}{HMDB51}",
    ]
    assert len(found) == 2 + 3


def test_a_head_beside_a_group_is_not_ruled_off(built):
    frame, table, scale = built("mini", "table3")
    columns = dict(table.columns)
    columns["ucf101"] = columns["ucf101"].model_copy(update={"group": "G", "head": "H"})
    lines = tabular(latex(frame, table.model_copy(update={"columns": columns}), scale))[1]
    assert lines[1].endswith(r" & \multicolumn{2}{c}{G} & \multicolumn{2}{c}{} \\")
    assert lines[2] == r"\cmidrule(lr){2-3}"


def test_the_best_is_bold_in_each_block_as_in_the_paper(built):
    frame, table, scale = built("mini", "table5")
    bold = {
        (row[0], row[6 + 2 * column])
        for row in body(latex(frame, table, scale))
        for column in (0, 1)
        if "textbf" in row[6 + 2 * column]
    }
    expected = [("FAME", 72.2), ("RSPNet", 42.8), ("FAME", 84.8), ("FAME", 53.5)]
    expected += [("FAME", 88.6), ("FAME", 61.1)]
    assert bold == {(method, rf"\textbf{{\textit{{{value}}}}}") for method, value in expected}
    lines = tabular(latex(frame, table, scale))[1]
    assert lines.count(r"\midrule") == 1 + 4
    starts = [lines[at + 1] for at, line in enumerate(lines) if line == r"\midrule"]
    upper = "Supervised (labels)"
    assert [line.split(" & ")[0] for line in starts] == ["CBT", upper, "VCP", upper, "DSM"]


def test_ours_and_quoted_are_compared_among_themselves(built):
    frame, table, scale = built("mini", "table3")
    frame["ucf101_published"] = [75.8, None, 81.2]
    frame["ucf101_measured"] = [52.04, 52.0, 41.0]  # equal as shown
    frame["ucf101_std"] = [2.0, None, 0.04]
    frame["hmdb51_published"] = [None, 99.0, None]  # nothing to compare with
    frame[["hmdb51_measured", "hmdb51_std"]] = float("nan")
    found = body(latex(frame, table, scale))
    assert [row[1] for row in found] == [r"\textit{75.8}", "--", r"\textbf{\textit{81.2}}"]
    assert [row[2] for row in found] == [
        r"\textbf{52.0}\,{\scriptsize$\pm$2.0}",
        r"\textbf{52.0}",
        r"41.0\,{\scriptsize$\pm$0.0}",
    ]
    assert [row[3] for row in found] == ["--", r"\textit{99.0}", "--"]


def test_freeze_is_a_mark(built):
    frame, table, scale = built("mini", "table5")
    text = latex(frame, table, scale)
    shown = {"yes": YES, "no": NO}
    assert [row[5] for row in body(text)] == [shown[value] for value in frame["freeze"]]
    assert tabular(text)[0].startswith("lllllc")
    assert r"\usepackage{amssymb}" in text.splitlines()[0]


def test_a_word_yes_is_no_mark_where_other_words_stand(built):
    frame, table, scale = built("mini", "table3")
    frame["background"] = "yes"
    assert [row[0] for row in body(latex(frame, table, scale))] == ["yes"] * 3


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([3, 3, 3], r"measured (mean $\pm$ standard deviation over 3 seeds) at scale mini"),
        ([2, 3, 3], "over 2 to 3 seeds)"),
        ([1, 1, None], "are measured with one seed at scale mini"),
        ([None, None, None], "are measured at scale mini"),
    ],
)
def test_the_caption_says_over_how_many_seeds(built, counts, words):
    frame, table, scale = built("mini", "table3")
    for column in table.columns:
        frame[f"{column}_n"] = pd.array(counts, dtype="Int64")
    text = latex(frame, table, scale)
    assert words in text
    assert (
        r"\caption{Background of the same video or of another one (Table 3 of the paper)." in text
    )


def test_escaping():
    assert escape(r"50% of_{x} & $y$ #1 ~^\ end") == (
        r"50\% of\_\{x\} \& \$y\$ \#1 \textasciitilde{}\textasciicircum{}\textbackslash{} end"
    )
    assert escape("[a] *b*\n\n c β") == r"{[}a{]} {*}b{*} c $\beta$"


def test_a_head_without_a_group_and_a_block_of_unknown_columns_are_refused():
    with pytest.raises(ValidationError, match="give a group"):
        Column(title="a", dataset="d", metric="m", head="b")
    facts = {"name": "t", "title": "", "source": "", "show": {"a": "A"}, "columns": {}, "rows": ()}
    with pytest.raises(ValidationError, match=r"blocks\.1 names unknown column 'b'"):
        Table(**facts, blocks=({"a": 1}, {"b": 2}))


def compiled(folder, inputs):
    """What a TeX says of a document of these tables; skips where there is none."""
    packages = "\n".join(rf"\usepackage{{{name}}}" for name in PACKAGES)
    (folder / "doc.tex").write_text(DOCUMENT % (packages, inputs), encoding="utf-8")
    if engine := shutil.which("pdflatex"):
        command = [engine, "-interaction=nonstopmode", "-halt-on-error", "doc.tex"]
    elif engine := shutil.which("tectonic"):
        command = [engine, "--print", "doc.tex"]
    else:
        lacking("no pdflatex or tectonic on the path: install a TeX to compile the tables")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if re.search(r"File `[\w.]+' not found", done.stdout + done.stderr):
        lacking("the TeX that is installed lacks booktabs, amssymb or geometry")
    assert (folder / "doc.pdf").is_file() and done.returncode == 0, done.stdout
    return done.stdout + done.stderr


@pytest.mark.parametrize("scale", ["mini", "paper"])
def test_the_tables_compile_and_fit_the_page(built, tmp_path, scale):
    for name in NAMES:
        (tmp_path / f"{name}.tex").write_text(latex(*built(scale, name)), encoding="utf-8")
    text = compiled(tmp_path, "\n".join(rf"\input{{{name}}}" for name in NAMES))
    assert "Overfull" not in text


def test_odd_characters_compile(built, tmp_path):
    text = latex(*odd(*built("mini", "table5")))
    (tmp_path / "odd.tex").write_text(text, encoding="utf-8")
    compiled(tmp_path, r"\input{odd}")
