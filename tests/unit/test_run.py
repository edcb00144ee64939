"""`fame run`: which Snakemake command it becomes, and when it prepares the folder."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from fame.cli import app
from fame.cli.run import audible, with_config


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs `fame run`; returns the command that it becomes and what it did before."""
    done, became = [], []
    monkeypatch.setattr("fame.workplace.occupy", lambda place: done.append(("occupy", place)))
    monkeypatch.setattr("fame.workplace.clear", lambda place: done.append(("clear", place)))
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
    begin = ["-m", "snakemake", "--cores", "all", "--rerun-incomplete"]
    assert words[:5] == begin
    assert words[5:] == [
        *("results/a b.csv", *options),
        *("--config", 'scale= "my #s" ', "--directory", str(tmp_path)),
    ]
    assert done == [("occupy", tmp_path), ("clear", tmp_path)]


@pytest.mark.parametrize("option", ["-n", "--dry-run"])
def test_a_dry_run_disturbs_nobody(run, option):
    words, done = run("all", option)
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
    assert words == ["-m", "snakemake", "--rerun-incomplete", "all", *options]
