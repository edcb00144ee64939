"""The JSON schemas agree with the models, with the project's own files and with what is wrong."""

import json
import re

import pytest
import yaml
from jsonschema import Draft202012Validator  # comes with Snakemake

from fame.config import json_schema as schemas

LINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")


def objects(node):
    """Every schema of an object with properties, nested ones too."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            yield node
        for child in node.values():
            yield from objects(child)
    elif isinstance(node, list):
        for child in node:
            yield from objects(child)


def problems(name, data):
    return [error.message for error in Draft202012Validator(schemas.schema(name)).iter_errors(data)]


@pytest.mark.parametrize("name", schemas.FILES)
def test_the_committed_schema_is_the_models(name):
    kept = json.loads((schemas.SCHEMAS / f"{name}.json").read_text("utf-8"))
    assert kept == schemas.schema(name), "run `fame schema` and commit config/schema"


def test_no_other_schema_is_kept(tmp_path):
    written = {file.name for file in schemas.write(tmp_path / "schema")}
    assert written == {file.name for file in schemas.SCHEMAS.iterdir()}


@pytest.mark.parametrize("name", schemas.FILES)
def test_every_field_is_described(name):
    made = list(objects(schemas.schema(name)))
    assert made
    bare = [
        key
        for each in made
        for key, field in each["properties"].items()
        if not field.get("description", "").strip()
    ]
    assert bare == []


def test_every_file_names_its_schema_and_agrees_with_it(root):
    files = sorted((root / "config").rglob("*.yaml"))
    assert len(files) > 15
    seen = set()
    for file in files:
        text = file.read_text("utf-8")
        line = LINE.match(text)
        assert line, f"{file} does not begin with its schema"
        named = (file.parent / line[1]).resolve()
        assert named.parent == schemas.SCHEMAS, file
        assert problems(named.stem, yaml.safe_load(text)) == [], file
        seen.add(named.stem)
    assert seen == set(schemas.FILES)


@pytest.fixture
def mini(root):
    return yaml.safe_load((root / "config" / "scales" / "mini.yaml").read_text("utf-8"))


def test_an_unknown_key_a_missing_one_and_a_value_out_of_range_are_marked(mini):
    assert problems("scale", {**mini, "seedz": [1]})
    assert problems("scale", {key: mini[key] for key in mini if key != "seeds"})
    assert problems("scale", {**mini, "seeds": [-1]})


def test_an_architecture_of_ones_own_may_have_any_settings(mini):
    backbone = next(iter(mini["backbones"].values()))
    backbone["encoder"] = {"arch": "./mine.py", "depth": 3}
    assert problems("scale", mini) == []
    backbone["encoder"] = {"arch": "r3d", "depth": 3}
    assert problems("scale", mini)


def test_attributes_join_lines_and_share_a_text_between_names():
    class Base:
        """A base.

        Attributes:
            a, b: two
                lines.
            c: of the base.
        """

    class Child(Base):
        """A child.

        Attributes:
            c: of the child: it wins.

        Raises:
            d: no attribute.
        """

    assert schemas.attributes(Child) == {
        "a": "two lines.",
        "b": "two lines.",
        "c": "of the child: it wins.",
    }
