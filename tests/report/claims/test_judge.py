"""Claims judged from results: pairing by seed, one page's correction, and every fault."""

import json
import re
import subprocess
import sys

import pandas as pd
import pytest
from micro_world import ROOT

from fame.config.claims import PRIMARY, load_claims
from fame.core.errors import FameError
from fame.evaluate.results import write_result
from fame.pipeline.experiments import Experiments, result_file
from fame.pipeline.runs import data_id
from fame.report.claims.judge import judge, tabulate
from fame.report.claims.markdown import markdown, resolution
from fame.report.claims.paired import fewest_seeds
from fame.report.figures.claims import draw, reach, write
from fame.report.style import PALETTE, style

METRICS = ("top1", "r1", "r5", "r10", "r20", "r50", "background_reliance")
SCALES = ("mini", "study", "ucf", "paper", "official")


def experiments(scale, root):
    return Experiments(scale, root / "config" / "tables")


def with_seeds(given, seeds):
    given.scale = given.scale.model_copy(update={"seeds": tuple(seeds)})
    return given


def write_results(given, results, value):
    """Every result of a scale; `value(run)` percent in each metric, of a bias the rest of it."""
    for cell in given.cells(given.tables):
        for run in cell.runs:
            write_result(
                results / result_file(given.scale, run, cell.dataset, cell.task),
                task=cell.task,
                run=run.id,
                data=data_id(given.scale, cell.dataset, run.seed),
                dataset=cell.dataset,
                seed=run.seed,
                metrics=dict.fromkeys(METRICS, float(value(run)))
                | {"background_reliance": 100 - float(value(run))},
                details={},
            )


def page(given, root):
    return load_claims(root / "config" / "claims.yaml", given.tables)


def fame_gains(run):
    """40 percent, another world's worth for each seed, and for merged runs 5, 6 or 7 more."""
    return 40 + 9 * (run.seed % 4) + (5 + run.seed % 3 if run.merge else 0)


@pytest.fixture(scope="module")
def mini(request, tmp_path_factory):
    """The default scale: its claims, results in which FAME gains 5, 6 and 7 points, its table."""
    root = request.config.rootpath
    given = experiments("mini", root)
    results = tmp_path_factory.mktemp("mini")
    write_results(given, results, fame_gains)
    claims = page(given, root)
    return given, claims, results, tabulate(judge(given, claims, results), given)


@pytest.mark.parametrize("scale", SCALES)
def test_every_claim_of_the_page_is_judged_at_every_scale(root, tmp_path, scale):
    given = experiments(scale, root)
    write_results(given, tmp_path, fame_gains)
    claims = page(given, root)
    frame = tabulate(judge(given, claims, tmp_path), given)
    assert list(frame["id"]) == [found.claim.id for found in claims]
    absent = frame["verdict"] == "not measured"
    assert (frame["difference"].isna() == absent).all()
    assert frame.loc[absent, "because"].str.contains("is not part of scale").all()
    assert not absent.all()
    if scale in {"paper", "official"}:
        assert not absent.any()
        assert set(frame["verdict"]) == {"one seed"}
        assert frame["p"].isna().all() and frame["low"].isna().all()


def test_differences_are_paired_by_seed(mini):
    row = mini[3].set_index("id").loc["t5-ucf101-probed-fame-over-moco"]
    assert row["by_seed"] == "+5.0000 +6.0000 +7.0000"  # worlds differ by 9 points, and cancel
    assert (row["n"], row["difference"], row["p"]) == (3, 6.0, 0.25)
    assert row["std"] == pytest.approx(1.0)
    assert row["high"] - row["low"] == pytest.approx(2 * 4.3027 / 3**0.5, abs=1e-3)
    assert row["runs_better"].count("-fame-") == 3
    assert "-fame-" not in row["runs_worse"]


def test_three_seeds_leave_everything_open(mini):
    given, _, _, frame = mini
    measured = frame[frame["difference"].notna()]
    assert (measured["verdict"] == "not resolved").all()
    fewest = [fewest_seeds(int(number)) for number in measured["comparisons"]]
    assert (measured["seeds_needed"] >= fewest).all()
    assert (frame["scale"] == "mini").all()
    assert frame["about"].str.startswith("the mini scale only, not the published").all()
    text = markdown(frame, given.scale, {name: name for name in given.tables})
    assert "which they can reach in none of the 31 primary comparisons" in text
    assert "Verdict at mini" in text
    assert given.scale.note in text


def test_enough_seeds_resolve(root, tmp_path):
    given = with_seeds(experiments("mini", root), range(12))
    write_results(given, tmp_path, fame_gains)
    frame = tabulate(judge(given, page(given, root), tmp_path), given)
    row = frame.set_index("id").loc["t5-ucf101-probed-fame-over-moco"]
    assert row["verdict"] == "replicated"
    assert row["p"] == 2 / 2**12
    assert row["p_corrected"] == pytest.approx(row["comparisons"] * 2 / 2**12)
    write_results(given, tmp_path, lambda run: -fame_gains(run))
    turned = tabulate(judge(given, page(given, root), tmp_path), given).set_index("id")
    assert turned.loc["t5-ucf101-probed-fame-over-moco", "verdict"] == "contradicted"


def test_the_same_comparison_counts_once(root, tmp_path):
    given = with_seeds(experiments("ucf", root), range(2))
    write_results(given, tmp_path, fame_gains)
    findings = judge(given, page(given, root), tmp_path)
    measured = [one for one in findings if one.differences]
    shared = {one.located.claim.id: one.comparison for one in measured}
    same = ("t1-ucf101-single-0.5", "t3-ucf101-inter-over-none", "t4-ucf101-fame-over-moco")
    assert len({shared[name] for name in same}) == 1
    for family in ("primary", "secondary"):
        own = [one for one in measured if one.family == family]
        assert {one.comparisons for one in own} <= {len({one.comparison for one in own})}
    assert len(set(shared.values())) == len(measured) - 4  # two repeats on each dataset
    assert len({one.corrected for one in measured if one.located.claim.id in same}) == 1


def first_result(given, claim, results):
    found = next(one for one in claim if one.claim.id == "t6-r1-fame-over-moco")
    cell = next(
        cell
        for cell in given.cells(["table6"])
        if (cell.row, cell.column) == (found.better.row, found.better.column)
    )
    return results / result_file(given.scale, cell.runs[0], cell.dataset, cell.task)


def test_a_missing_result_is_an_error_or_with_partial_a_mark(mini):
    given, claims, results, whole = mini
    path = first_result(given, claims, results)
    content = path.read_bytes()
    path.unlink()
    try:
        with pytest.raises(FameError, match=r"no such result; make it with `snakemake"):
            judge(given, claims, results)
        frame = tabulate(judge(given, claims, results, partial=True), given).set_index("id")
    finally:
        path.write_bytes(content)
    row = frame.loc["t6-r1-fame-over-moco"]
    assert row["verdict"] == "missing"
    assert row["because"] == f"no result {path.relative_to(results)}"
    assert pd.isna(row["difference"])
    assert set(frame["comparisons"].dropna()) == set(whole["comparisons"].dropna())  # no easier


def test_partial_does_not_excuse_a_broken_result(mini):
    given, claims, results, _ = mini
    path = first_result(given, claims, results)
    content = path.read_bytes()
    path.write_text("{", encoding="utf-8")
    try:
        with pytest.raises(FameError, match="not readable as JSON"):
            judge(given, claims, results, partial=True)
    finally:
        path.write_bytes(content)


def test_both_sides_being_one_run_is_refused(root, tmp_path):
    given = experiments("paper", root)
    one = given.tables["table3"]
    rows = [row.model_copy() for row in one.rows]
    rows[2] = rows[2].model_copy(update={"recipe": rows[1].recipe})  # inter says intra
    given.tables["table3"] = one.model_copy(update={"rows": tuple(rows)})
    write_results(given, tmp_path, fame_gains)
    message = r"claim t3-ucf101-inter-over-intra: both sides are the run moco-fame-i3d-\S+; point"
    with pytest.raises(FameError, match=message):
        judge(given, page(given, root), tmp_path)


def test_every_file_is_written_and_twice_the_same(mini, tmp_path):
    given, claims, results, frame = mini
    findings = judge(given, claims, results)
    files = write(findings, given, tmp_path / "a" / "claims.csv")
    assert [file.suffix for file in files] == [".csv", ".md", ".png", ".pdf"]
    again = write(findings, given, tmp_path / "b" / "claims.csv")
    assert [f.read_bytes() for f in files] == [f.read_bytes() for f in again]
    read = pd.read_csv(files[0])
    assert list(read.columns) == list(frame.columns)
    assert list(read["verdict"]) == list(frame["verdict"])
    lines = files[1].read_text(encoding="utf-8").splitlines()
    tables = [line for line in lines if line.startswith("|")]
    assert {line.count("|") for line in tables} == {9}
    assert (
        sum(line.count("not resolved |") for line in tables)
        == (frame["verdict"] == "not resolved").sum()
    )


def test_the_forest_shows_each_claim_with_its_verdict(mini):
    given, _, _, frame = mini
    with style():
        figure = draw(frame, given.scale, {name: name for name in given.tables})
    labels = [text.get_text() for axis in figure.axes for text in axis.get_yticklabels()]
    assert labels == list(frame["claim"])  # none is cut
    words = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert [re.split(" \\(|,", word)[0] for word in words] == list(frame["verdict"])
    low, high = reach(frame)
    assert low < 0 < frame["published"].max() < high
    figure.clear()


def test_one_seed_has_no_verdict_and_no_colour_anywhere(root, tmp_path):
    given = experiments("paper", root)
    write_results(given, tmp_path, fame_gains)
    frame = tabulate(judge(given, page(given, root), tmp_path), given)
    assert resolution(frame).startswith("One seed: differences only")
    row = frame.set_index("id").loc["t1-ucf101-single-0.5"]
    assert (row["published"], row["difference"], row["verdict"]) == (5.4, 5.0, "one seed")
    assert row["about"].startswith("the paper scale: ")
    text = markdown(frame, given.scale, {name: name for name in given.tables})
    assert not re.search("consistent|replicated|contradicted|not resolved", text)
    assert f"Secondary claims at paper: {(frame['family'] == 'secondary').sum()} one seed" in text
    with style():
        figure = draw(frame, given.scale, {name: name for name in given.tables})
    drawn = {line.get_color() for axis in figure.axes for line in axis.lines}
    written = {text.get_color() for axis in figure.axes for text in axis.texts}
    assert drawn | written <= {PALETTE["ink"], PALETTE["random"]}
    figure.clear()


def test_equal_cells_are_called_a_tie(root, tmp_path):
    given = experiments("paper", root)
    write_results(given, tmp_path, lambda run: 50)
    frame = tabulate(judge(given, page(given, root), tmp_path), given)
    assert (frame["because"] == "a tie: both cells are equal").all()
    text = markdown(frame, given.scale, {name: name for name in given.tables})
    assert text.count("| tie, n=1 |") == len(frame)
    with style():
        figure = draw(frame, given.scale, {name: name for name in given.tables})
    words = {text.get_text() for axis in figure.axes for text in axis.texts}
    assert words == {"one seed, a tie"}
    figure.clear()


def test_each_family_is_corrected_alone(mini):
    _, claims, _, frame = mini
    twelve = with_seeds(experiments("mini", ROOT), range(12))
    folder = mini[2].parent / "twelve"
    write_results(twelve, folder, fame_gains)
    whole = tabulate(judge(twelve, claims, folder), twelve).set_index("id")
    primary = [one for one in claims if one.claim.family == PRIMARY]
    alone = tabulate(judge(twelve, primary, folder), twelve).set_index("id")
    assert (whole.loc[alone.index, "p_corrected"] == alone["p_corrected"]).all()
    assert set(alone["comparisons"]) == {31}
    rest = frame.loc[frame["family"] == "secondary", "comparisons"]
    assert len(set(rest)) == 1 and rest.iloc[0] > 31


def test_a_comparison_that_is_primary_is_so_in_every_table(mini):
    """One hypothesis has one p: Table 5's probe of FAME and MoCo is that of the primary claim."""
    rows = mini[3].set_index("id")
    shared = ("t5-ucf101-probed-fame-over-moco", "p-linear-ucf101-fame-over-moco")
    assert len({tuple(rows.loc[name, ["family", "p", "p_corrected"]]) for name in shared}) == 1
    assert rows.loc[shared[0], "family"] == PRIMARY
    assert rows.loc["t5-ucf101-probed-fame-over-random", "family"] == "secondary"


def test_where_lower_is_better_a_difference_is_turned(mini):
    row = mini[3].set_index("id").loc["p-reliance-ucf101-fame-under-moco"]
    assert row["by_seed"] == "+5.0000 +6.0000 +7.0000"


def undefine(given, results, method, count):
    """Take background reliance from the first results of a method's runs, as at chance."""
    cells = [cell for cell in given.cells(["probes"]) if cell.task == "bias"]
    (cell,) = (cell for cell in cells if cell.row == method)
    for run in cell.runs[:count]:
        path = results / result_file(given.scale, run, cell.dataset, cell.task)
        content = json.loads(path.read_text())
        del content["metrics"]["background_reliance"]
        path.write_text(json.dumps(content))


def test_seeds_in_which_a_measure_is_undefined_are_left_out_and_said(root, tmp_path):
    given = experiments("mini", root)
    write_results(given, tmp_path, fame_gains)
    undefine(given, tmp_path, 4, 1)
    rows = tabulate(judge(given, page(given, root), tmp_path), given).set_index("id")
    row = rows.loc["p-reliance-ucf101-fame-under-moco"]
    assert (row["n"], row["by_seed"]) == (2, "+6.0000 +7.0000")
    assert row["because"].endswith("1 more seeds are left out, where the measure is undefined")
    undefine(given, tmp_path, 1, 3)
    rows = tabulate(judge(given, page(given, root), tmp_path), given).set_index("id")
    row = rows.loc["p-reliance-ucf101-fame-under-moco"]
    assert (row["verdict"], row["because"]) == ("not measured", "undefined in every seed")
    assert rows.loc["p-linear-ucf101-fame-over-moco", "comparisons"] == 31  # no easier


def test_the_command_line(mini, root, tmp_path):
    _, _, results, frame = mini
    command = [sys.executable, "-m", "fame", "claims", "--scale", "mini", "--results", str(results)]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "claims.csv")],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(pd.read_csv(tmp_path / "claims.csv")["id"]) == list(frame["id"])
    broken = tmp_path / "claims.yaml"
    text = (root / "config" / "claims.yaml").read_text(encoding="utf-8")
    broken.write_text(text.replace("column: hmdb51}", "column: hmdb15}", 1), encoding="utf-8")
    done = subprocess.run(
        [*command, "--claims", str(broken), "--out", str(tmp_path / "no.csv")],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "has no column 'hmdb15'; did you mean 'hmdb51'" in done.stderr
    assert not (tmp_path / "no.csv").exists()


def test_no_torch(root):
    code = (
        "import sys, fame.report.claims.judge, fame.cli.report; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
