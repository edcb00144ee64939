"""The files that name the project's packages and its version agree."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import fame


def requirements(lines):
    """Name -> (version specifier, marker) of lines such as `numpy>=1.26`."""
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(item.name): (item.specifier, str(item.marker)) for item in parsed}


LINUX = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
    "os_name": "posix",
}


def locked(root, python):
    """Name -> version that requirements.lock gives on Linux, for a Python such as 3.11."""
    here = {**LINUX, "python_version": python, "python_full_version": f"{python}.0"}
    lines = (root / "requirements.lock").read_text().splitlines()
    wanted = [Requirement(line) for line in lines if line and line.lstrip()[0] != "#"]
    held = [one for one in wanted if one.marker is None or one.marker.evaluate(here)]
    names = [canonicalize_name(one.name) for one in held]
    assert len(names) == len(set(names)), "a package twice"
    return {name: Version(str(one.specifier)[2:]) for name, one in zip(names, held, strict=True)}


def direct(project):
    """Every requirement of the project and of its extras, but for the project itself."""
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    wanted = [Requirement(line) for line in (*project["dependencies"], *extras)]
    return [one for one in wanted if one.name != project["name"]]


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


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_lock_has_every_direct_requirement_within_its_bounds(root, project, python):
    held = locked(root, python)
    wanted = direct(project)
    assert len(wanted) > 40
    missing = {
        str(one)
        for one in wanted
        if not one.specifier.contains(held.get(canonicalize_name(one.name), "0"), prereleases=True)
    }
    assert missing == set(), "make lock"


def test_all_pythons_get_the_same_versions(root):
    assert locked(root, "3.11") == locked(root, "3.13")


def test_every_requirement_has_an_upper_bound(project):
    assert [str(one) for one in direct(project) if "<" not in str(one.specifier)] == []


def test_the_lock_pins_versions_and_names_no_place(root):
    text = (root / "requirements.lock").read_text()
    pins = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert len(pins) > 100
    assert [pin for pin in pins if not re.match(r"[a-z0-9-]+==[\w.]+( ; .+)?$", pin)] == []
    assert "/" not in text
    assert "+" not in text, "a build of one index only"


def test_the_project_names_the_pythons_that_it_is_locked_for(project, conda):
    named = {line.split()[-1] for line in project["classifiers"] if ":: 3." in line}
    assert named == {f"3.{minor}" for minor in range(8, 20) if f"3.{minor}" in conda["python"][0]}


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
