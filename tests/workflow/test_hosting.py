"""What other services read: hosted CI, hooks, the workflow catalog, images, the index of docs."""

import re

import pytest
import yaml


@pytest.fixture
def read(root):
    """A YAML file of the repository, parsed."""
    return lambda name: yaml.safe_load((root / name).read_text())


def test_hosted_ci_runs_what_is_run_by_hand(read):
    workflow = read(".github/workflows/ci.yml")
    events = workflow[True]  # YAML reads the key `on` as a truth value
    assert {"push", "pull_request", "schedule"} <= set(events)
    (job,) = workflow["jobs"].values()
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    assert [step["run"] for step in job["steps"] if "run" in step][-1] == "bash .ci/run"


def test_the_hook_is_make_lint(read):
    (repository,) = read(".pre-commit-config.yaml")["repos"]
    (hook,) = repository["hooks"]
    assert (repository["repo"], hook["entry"], hook["language"]) == ("local", "make lint", "system")


def test_the_catalog_learns_of_the_report_and_of_set_up(read):
    usage = read(".snakemake-workflow-catalog.yml")["usage"]
    assert usage["report"] is True
    assert "make setup" in usage["mandatory-flags"]["desc"]


def test_images_hold_the_locked_versions(root, read):
    text = (root / "Dockerfile").read_text()
    (python,) = re.findall(r"^FROM python:(3\.\d+)-slim", text, re.M)
    assert (
        python
        == read(".github/workflows/ci.yml")["jobs"]["all"]["strategy"]["matrix"]["python"][-1]
    )
    installs = re.findall(r"pip install .*", text)
    assert len(installs) == 2
    assert all("-c requirements.lock" in line for line in installs)
    assert ".venv" in (root / ".dockerignore").read_text().splitlines()


def test_the_index_of_docs_lists_every_page(root):
    links = re.findall(r"\]\(([^)]+)\)", (root / "docs/README.md").read_text())
    pages = {path.name for path in (root / "docs").glob("*.md")} - {"README.md"}
    assert pages - set(links) == set()
    assert [link for link in links if not (root / "docs" / link).exists()] == []
    assert len(links) == len(set(links))
