"""The files that name the project's packages and its version agree."""

import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import fame


def requirements(lines):
    """Name -> (version specifier, marker) of lines such as `numpy>=1.26`."""
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(item.name): (item.specifier, str(item.marker)) for item in parsed}


@pytest.fixture
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


@pytest.fixture
def conda(root):
    """environment.yml's packages, conda's and pip's together."""
    entries = yaml.safe_load((root / "environment.yml").read_text())["dependencies"]
    lines = [entry for entry in entries if isinstance(entry, str)]
    nested = [line for entry in entries if isinstance(entry, dict) for line in entry["pip"]]
    assert len(lines) + len(nested) == len(requirements([*lines, *nested])), "a package twice"
    return requirements([*lines, *nested])


def test_conda_and_pip_install_the_same_packages(project, conda):
    tools = {"python", "pip"}
    assert {k: v for k, v in conda.items() if k not in tools} == requirements(
        project["dependencies"]
    )


def test_conda_takes_a_python_that_the_project_allows(project, conda):
    wanted, allowed = conda["python"][0], SpecifierSet(project["requires-python"])
    minors = [f"3.{minor}" for minor in range(8, 20)]
    chosen = [minor for minor in minors if minor in wanted]
    assert chosen
    assert all(minor in allowed for minor in chosen)


def test_a_difference_would_be_seen():
    assert requirements(["a>=1"]) != requirements(["a>=2"])
    assert requirements(["a>=1"]) != requirements(["a>=1; sys_platform == 'linux'"])
    assert requirements(["Types_PyYAML >= 1"]) == requirements(["types-pyyaml>=1"])


def test_the_citation_names_this_version(root):
    assert yaml.safe_load((root / "CITATION.cff").read_text())["version"] == fame.__version__


def test_the_licence_is_whole(root, project):
    text = (root / "LICENSE").read_text()
    assert project["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in text
    assert text.rstrip().endswith("limitations under the License.")
