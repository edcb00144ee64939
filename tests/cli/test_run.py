"""`fame run`: which Snakemake command it becomes, and when it prepares the folder."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from fame.cli import app
from fame.cli.run import (
    audible,
    check_folder,
    check_snakefile,
    commanded,
    in_full,
    repeating,
    wants_panel,
    with_config,
    with_panel,
)
from fame.core.errors import FameError
from fame.operate.panel.asked import Asked


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs `fame run`; returns the command that it becomes and what it did before."""
    done, became = [], []
    monkeypatch.setattr(
        "fame.operate.workplace.occupy", lambda place: done.append(("occupy", place))
    )
    monkeypatch.setattr("fame.operate.workplace.clear", lambda place: done.append(("clear", place)))
    monkeypatch.setattr("os.execv", lambda program, words: became.append((program, words)))

    def call(*arguments):
        result = CliRunner().invoke(app, ["run", *map(str, arguments)])
        assert result.exit_code == 0, result.output
        ((program, words),) = became
        assert program == words[0] == sys.executable
        return words[1:], done

    return call


def test_targets_and_options_of_snakemake_are_passed_on(run, tmp_path):
    options = ("--set-threads", "pretrain=2", "-k")
    words, done = run("results/a b.csv", *options, "--directory", tmp_path, "--scale", "my #s")
    begin = ["-m", "snakemake", "--logger", "fame", "--cores", "all", "--rerun-incomplete"]
    assert words[:7] == begin
    assert words[7:] == [
        *("results/a b.csv", *options),
        *("--config", 'scale= "my #s" ', "--directory", str(tmp_path)),
    ]
    assert done == [("occupy", tmp_path), ("clear", tmp_path)]


def test_our_lines_are_shown_unless_snakemakes_own_are_asked_for(monkeypatch):
    monkeypatch.delenv("FAME_PANEL", raising=False)
    assert wants_panel(["all", "-k"]) and wants_panel(["all", "--quiet"])
    for option in ("-n", "-p", "--verbose", "--logger=other"):
        assert not wants_panel(["all", option])
    monkeypatch.setenv("FAME_PANEL", "0")
    assert not wants_panel(["all"])


def test_the_panel_is_found_and_knows_the_commands(monkeypatch, tmp_path):
    monkeypatch.setenv("FAME_ASKED", "{}")
    monkeypatch.setenv("PYTHONPATH", "/mine")
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    repeat = repeating("my scale.yaml", None, tmp_path)
    assert repeat == f"fame run {{}} --scale 'my scale.yaml' --directory {tmp_path}"
    assert repeating(None, None, Path()) == "fame run {}"
    again = commanded(repeat, ["a b.csv", "-k"])
    assert again == f"fame run 'a b.csv' -k --scale 'my scale.yaml' --directory {tmp_path}"
    assert commanded("fame run {}", []) == "fame run"
    asked = Asked(again, repeat, "/here")
    assert with_panel(asked) == ["--logger", "fame"]
    assert Asked.from_environment() == asked
    folder, own = os.environ["PYTHONPATH"].split(os.pathsep)
    assert own == "/mine"
    assert [path.name for path in Path(folder).glob("snakemake_*")] == [
        "snakemake_logger_plugin_fame"
    ]


def test_without_its_environment_the_program_is_named_by_its_path(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("sys.executable", str(tmp_path / "bin" / "python"))
    monkeypatch.chdir(tmp_path)
    assert repeating(None, None, Path()) == "fame run {}"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "fame").touch()
    assert repeating(None, None, Path()) == "bin/fame run {}"


def test_a_folder_without_a_workflow_is_said_to_be_one(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FameError, match=r"no Snakefile; run this in FAME's checkout"):
        check_snakefile(["table5"])
    check_snakefile(["table5", "--snakefile", "a/Snakefile"])
    (tmp_path / "Snakefile").touch()
    check_snakefile(["table5"])


@pytest.mark.parametrize("option", ["-n", "--dry-run"])
def test_a_dry_run_disturbs_nobody(run, option):
    words, done = run("all", option)
    assert words[:5] == ["-m", "snakemake", "--cores", "all", "--rerun-incomplete"]
    assert words[5:] == ["all", option] and done == []


@pytest.mark.parametrize(
    ("given", "rest"),
    [
        (["--quiet", "all"], ["--quiet"]),
        (["-q", "rules", "all", "-k"], ["-q", "rules", "-k"]),
        (["--quiet=all", "all"], ["all"]),
        (["-qall", "all"], ["all"]),
    ],
)
def test_no_quiet_hides_an_error(given, rest):
    assert audible(given) == [*rest, "--quiet", "host", "progress", "reason", "rules"]


@pytest.mark.parametrize("given", [["all"], ["--quiet", "rules", "-k", "all"], ["-k", "--quiet"]])
def test_another_quiet_stays_as_it_is(given):
    assert audible(given) == given


def test_settings_join_the_config_that_was_given():
    given = ["all", "--config", "accept_terms=ucf101", "-k"]
    expected = ["all", "--config", 'scale= "mini" ', "accept_terms=ucf101", "-k"]
    assert with_config(given, scale="mini", tables=None) == expected
    assert with_config(given, scale=None) == given
    assert with_config(["all"], scale="a") == ["all", "--config", 'scale= "a" ']


@given(name=st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), min_size=1))
def test_snakemake_reads_a_name_as_it_is(name):
    from snakemake.cli import parse_config

    _, *words = with_config([], scale=name)
    assert parse_config(words) == {"scale": name}


@pytest.mark.parametrize(
    "options", [["--workflow-profile", "profiles/slurm"], ["--cores=2"], ["--jobs", "4"]]
)
def test_where_jobs_run_may_be_said(run, options):
    """A limit to this machine's cores would hold on a cluster too."""
    words, _ = run("all", *options)
    begin = ["-m", "snakemake", "--logger", "fame"]
    assert words == [*begin, "--rerun-incomplete", "all", *options]


def test_a_scale_and_tables_by_path_are_found_from_another_folder(run, root, tmp_path, monkeypatch):
    monkeypatch.chdir(root)
    words, _ = run(
        *("table6", "-n", "--directory", tmp_path, "--scale", "tests/workflow/micro.yaml"),
        *("--tables", "config/tables"),
    )
    assert f'scale= "{root}/tests/workflow/micro.yaml" ' in words
    assert f'tables= "{root}/config/tables" ' in words


def test_targets_by_short_names_are_files(root):
    tables = root / "config" / "tables"
    given = [
        "table6",
        "-n",
        "figure1",
        "report",
        "all",
        "--until",
        "report",
        "--config",
        "a=table5",
    ]
    assert in_full(given, tables) == [
        *("results/table6.csv", "-n", "results/figure1.png", "results/report.html", "all"),
        *given[5:],
    ]


@pytest.mark.parametrize(
    "target", ["table9", "table9.csv", "results/table9.csv", "results/mini/tables/table9.md"]
)
def test_a_table_that_there_is_not_is_named_with_the_known_ones(root, target):
    with pytest.raises(FameError, match=r"no table 'table9' \(known: .*table1, table2"):
        in_full([target, "-n"], root / "config" / "tables")
    with pytest.raises(FameError, match="no table 'table9'"):
        in_full([target, "--config", f"tables={root}/config/tables"], None)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("Table5", "Table5: there is no table 'Table5'"),
        ("figure9", "figure9: there is no figure 'figure9' .known: .*figure1"),
        ("figure9.png", "no figure 'figure9'"),
        ("results/mini/figures/figure9.pdf", "no figure 'figure9'"),
    ],
)
def test_a_name_that_can_only_be_meant_as_one_is_refused(root, target, said):
    with pytest.raises(FameError, match=said):
        in_full([target], root / "config" / "tables")


def test_short_names_may_have_an_ending(root):
    given = ["table5.md", "figure1.pdf", "report.html", "results/table5.md", "other.csv"]
    assert in_full(given, root / "config" / "tables") == [
        *("results/table5.md", "results/figure1.pdf", "results/report.html"),
        *("results/table5.md", "other.csv"),
    ]


@pytest.mark.parametrize("option", [["--snakefile", "{}"], ["--snakefile={}"], ["-s", "{}"]])
def test_short_names_are_those_of_the_snakefile(run, root, tmp_path, option):
    given = [word.format(root / "Snakefile") for word in option]
    words, _ = run("table5", *given, "--directory", tmp_path)
    assert "results/table5.csv" in words


@pytest.mark.parametrize(
    ("more", "name"), [([], "mine"), (["--tables", "tables"], "results/mine.csv")]
)
def test_another_workflow_has_names_of_its_own(run, tmp_path, monkeypatch, more, name):
    """Unless --tables says which they are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "mine.yaml").touch()
    words, _ = run("mine", "--snakefile", "other/Snakefile", *more)
    assert name in words
    assert in_full(["report", "table9", "-s", "other/Snakefile"], None)[:2] == ["report", "table9"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--config", "a=b", "table6"], "'table6' is not; put targets before it"),
        (["--scale", "mini", "--config", "scale=paper"], "--config scale=paper both set the scale"),
    ],
)
def test_settings_that_snakemake_would_mistake_are_refused(arguments, said):
    result = CliRunner().invoke(app, ["run", *arguments])
    assert isinstance(result.exception, FameError) and said in str(result.exception)


def test_a_folder_that_cannot_be_used_is_refused_before_a_dry_run(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(FameError, match="file: not a folder; correct --directory"):
        check_folder(tmp_path / "file")
    check_folder(tmp_path / "new" / "folder")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(FameError, match="cannot be written; correct its permissions"):
        check_folder(tmp_path / "new")
