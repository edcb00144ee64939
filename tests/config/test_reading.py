"""Configuration files: each is complete, and each mistake is named with its place and remedy."""

import copy
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from fame.config import reading
from fame.config.encoders import BACKBONES
from fame.config.pretraining import Merge
from fame.config.reading import (
    expand,
    expand_both,
    load_scale,
    load_table,
    parse,
    read_yaml,
    scale_path,
)
from fame.config.scale import Scale
from fame.config.tables import Table
from fame.core import registry
from fame.core.errors import FameError
from fame.pipeline.experiments import LEFT_OUT, Experiments, measurable

SCALES = sorted(reading.SCALES.glob("*.yaml"))
EXAMPLES = sorted(reading.SCALES.with_name("examples").glob("*.yaml"))
MINI = read_yaml(reading.SCALES / "mini.yaml")
FREE_KEYS = (
    "datasets",
    "backbones",
    "pretrain.epochs",
    "pretrain.rates",
    "pretrain.methods.moco.queue",
)
OPTIONAL = {"Methods"}
"""Sections of methods: a scale may leave those out that none of its recipes needs."""
TABLE = {
    "name": "t",
    "title": "T",
    "source": "S",
    "show": {"method": "Method"},
    "columns": {"ucf101": {"title": "UCF101", "dataset": "ucf101", "metric": "top1"}},
    "rows": [{"show": {"method": "X"}, "published": {"ucf101": 1.0}}],
}


def edited(path: str, value: Any, base: dict[str, Any] = MINI) -> dict[str, Any]:
    """A deep copy of `base` with one value set, or removed if `value` is `...`."""
    data = copy.deepcopy(base)
    *parents, last = path.split(".")
    node: Any = data
    for key in parents:
        node = node[int(key)] if isinstance(node, list) else node[key]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return data


def refusal(data: dict[str, Any], model: type[BaseModel] = Scale) -> str:
    with pytest.raises(FameError) as caught:
        parse(model, data, "file.yaml")
    return str(caught.value)


def key_paths(node: Any, prefix: str = "") -> list[str]:
    """Every dotted key of nested mappings, save those that a user names freely."""
    if not isinstance(node, dict):
        return []
    free = prefix.removesuffix(".") in FREE_KEYS
    own = [] if free else [prefix + key for key in node]
    return own + [path for key in node for path in key_paths(node[key], f"{prefix}{key}.")]


def models_below(annotation: Any) -> set[type[BaseModel]]:
    """Every pydantic model that an annotation mentions, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.values()
        return {annotation}.union(*(models_below(field.annotation) for field in fields))
    return set().union(*(models_below(part) for part in get_args(annotation)))


@pytest.mark.parametrize("path", SCALES, ids=lambda path: path.stem)
def test_every_scale_file_is_valid_and_says_its_own_name(path):
    scale = load_scale(path.stem)
    assert scale.name == path.stem
    assert {"ucf101", "hmdb51"} <= set(scale.datasets)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_valid(path):
    assert load_scale(str(path)).datasets


def test_no_scale_model_has_a_default_or_takes_unknown_keys():
    settings = {registry.load(BACKBONES, name, "SETTINGS") for name in registry.names(BACKBONES)}
    models = models_below(Scale) | settings
    assert {"ViewSettings", "WorldConfig", "I3DSettings", "Folder", "MoCo"} <= {
        model.__name__ for model in models
    }
    for model in models:
        assert model.model_config["extra"] == "forbid", model
        for name, field in model.model_fields.items():
            if model.__name__ in OPTIONAL:
                assert field.default is None
                continue
            assert field.is_required(), f"{model.__name__}.{name} has a default"


@pytest.mark.parametrize("path", [key for key in key_paths(MINI) if key != "pretrain.methods.moco"])
def test_a_missing_key_is_named_with_its_path(path):
    message = refusal(edited(path, ...))
    assert message.startswith("file.yaml: ")
    # A tagged section without its tag is refused as a whole, and names the tag.
    assert any(words in message for words in ("is missing", "discriminator"))
    assert path.rsplit(".", 1)[-1] in message


@pytest.mark.parametrize(
    ("path", "place", "meant"),
    [
        ("pretrian", "pretrian", "pretrain"),
        ("pretrain.optimiser.schedule.warmup_step", None, "warmup_steps"),
        ("pretrain.merge.betta", None, "beta"),
        ("evaluate.linear.learning_rates", None, None),
        ("backbones.r2plus1d.strides", None, "stride"),
        ("datasets.ucf101.world.scene_bia", "world.scene_bia", "scene_bias"),
        ("backbones.r2plus1d.encoder.widht", "widht", "width"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_valid_one(path, place, meant):
    message = refusal(edited(path, 1))
    assert "unknown key " in message
    assert (place or path) in message
    if meant:
        assert f"did you mean {meant!r}?" in message
    else:
        assert "did you mean" not in message


@settings(max_examples=30)
@given(st.sampled_from(sorted(MINI["evaluate"]["finetune"])), st.integers(0, 30))
def test_a_doubled_letter_is_always_recognised(key, position):
    position %= len(key)
    typo = key[: position + 1] + key[position] + key[position + 1 :]
    assert f"did you mean {key!r}?" in refusal(edited(f"evaluate.finetune.{typo}", 1))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("pretrain.batch", 0),
        ("pretrain.merge.beta", 0),
        ("pretrain.merge.beta", 1.01),
        ("pretrain.merge.background", "outer"),
        ("pretrain.methods.moco.momentum", 1),
        ("pretrain.methods.moco.temperature", 0),
        ("pretrain.optimiser.lr", -0.1),
        ("pretrain.views.flip", 1.5),
        ("pretrain.views.crop_scale", [0.9, 0.2]),
        ("evaluate.linear.holdout", 1),
        ("evaluate.finetune.dropout", 1),
        ("evaluate.retrieval.ranks", [0]),
        ("evaluate.crop", "middle"),
        ("evaluate.linear.train_normalisation", "imagenet"),
        ("evaluate.linear.report", "best"),
        ("evaluate.finetune.report", "first"),
        ("evaluate.retrieval.normalisation", "raw"),
        ("pretrain.optimiser.schedule.kind", "cosine-step"),
        ("backbones.r2plus1d.encoder.layers", [1, 1, 1]),
        ("resources.gpus", -1),
        ("name", "Mini Scale"),
        ("seeds", "zero"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_path(path, value):
    message = refusal(edited(path, value))
    assert path.rsplit(".", 1)[-1] in message
    assert message.startswith("file.yaml: " + path.split(".", maxsplit=1)[0])


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_a_seed_that_no_run_can_have_is_refused(seed):
    """The run's id and its data's name would not be taken apart again by the workflow."""
    assert refusal(edited("seeds", [0, seed])).startswith("file.yaml: seeds.1: Input should be")


def test_sections_must_agree():
    assert "not a multiple of group" in refusal(edited("pretrain.group", 5))
    for place in ("epochs", "methods.moco.queue"):
        said = refusal(edited(f"pretrain.{place}.k700", 8))
        assert (
            f"pretrain.{place.removesuffix('.queue')} names 'k700', which is not a dataset" in said
        )
    assert "seeds must be distinct" in refusal(edited("seeds", [1, 1]))
    assert "seeds must be distinct" in refusal(edited("seeds", []))


def test_a_configuration_cannot_be_changed_after_it_was_checked():
    scale = parse(Scale, MINI, "mini")
    with pytest.raises(ValueError, match="frozen"):
        scale.name = "other"


def test_paths_take_environment_variables(monkeypatch):
    monkeypatch.setenv("FAME_TEST_DATA", "/somewhere")
    monkeypatch.delenv("FAME_TEST_NONE", raising=False)
    assert expand("${FAME_TEST_DATA}/ucf101") == Path("/somewhere/ucf101")
    assert expand("$FAME_TEST_DATA/x") == Path("/somewhere/x")
    assert expand("${FAME_TEST_DATA:-data}/x") == Path("/somewhere/x")
    assert expand("${FAME_TEST_NONE:-data}/x") == Path("data/x")
    assert expand("plain/x") == Path("plain/x")
    assert expand("~/x") == Path.home() / "x"
    with pytest.raises(FameError, match="FAME_TEST_NONE is not set"):
        expand("${FAME_TEST_NONE}/x")


def test_two_paths_name_all_variables_that_are_not_set_once(monkeypatch):
    monkeypatch.setenv("FAME_TEST_DATA", "/somewhere")
    for name in ("FAME_TEST_NONE", "FAME_TEST_ABSENT"):
        monkeypatch.delenv(name, raising=False)
    assert expand_both("$FAME_TEST_DATA/x", "~") == (Path("/somewhere/x"), Path.home())
    assert expand_both("$FAME_TEST_DATA/x", None) == (Path("/somewhere/x"), None)
    with pytest.raises(FameError) as caught:
        expand_both("${FAME_TEST_NONE}/$FAME_TEST_DATA", "${FAME_TEST_ABSENT}/$FAME_TEST_NONE")
    assert str(caught.value).endswith(
        ": the environment variables FAME_TEST_NONE and FAME_TEST_ABSENT are not set; set them"
    )
    with pytest.raises(FameError, match="the environment variable FAME_TEST_NONE is not set; set"):
        expand_both("x", "$FAME_TEST_NONE")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fit: 1\nname: a\nfit: 2\n", "the key 'fit' is repeated.*line 3"),
        ("a: {b: 1, c: 2, b: 3}", "the key 'b' is repeated"),
        ("when: 2020-99-99", "month must be in"),
        ("[" * 3000, "not readable as YAML"),
    ],
)
def test_what_yaml_itself_would_pass_over_is_one_sentence(tmp_path, text, said):
    (tmp_path / "scale.yaml").write_text(text)
    with pytest.raises(FameError, match=said) as caught:
        read_yaml(tmp_path / "scale.yaml")
    assert "\n" not in str(caught.value)


def test_a_variable_that_is_set_to_nothing_is_not_set(monkeypatch):
    """Or a scale's root would be the working folder."""
    monkeypatch.setenv("FAME_TEST_DATA", "")
    assert expand("${FAME_TEST_DATA:-data}") == Path("data")
    for path in ("$FAME_TEST_DATA", "${FAME_TEST_DATA}", "${FAME_TEST_DATA:-}"):
        with pytest.raises(FameError, match="FAME_TEST_DATA is not set"):
            expand(path)


def test_a_scale_is_found_by_name_or_path(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(yaml.safe_dump(edited("name", "mine")), encoding="utf-8")
    assert load_scale(str(mine)).name == "mine"
    assert scale_path("mini") == reading.SCALES / "mini.yaml"
    with pytest.raises(FameError, match=r"no scale 'papr'.*did you mean 'paper'"):
        scale_path("papr")
    with pytest.raises(FameError, match="no such file"):
        load_scale(str(tmp_path / "absent.yaml"))


@pytest.mark.parametrize("content", ["a: [1", "- 1\n- 2\n", "", "\x00"])
def test_a_file_that_is_no_mapping_is_refused_by_name(tmp_path, content):
    path = tmp_path / "broken.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FameError, match=r"broken\.yaml"):
        read_yaml(path)


def test_table_mistakes_are_refused():
    assert parse(Table, TABLE, "t").rows[0].recipe is None
    assert "'ucf11'" in refusal(edited("rows.0.published.ucf11", 1.0, TABLE), Table)
    assert "'colour'" in refusal(edited("rows.0.show.colour", "red", TABLE), Table)
    assert "both task and recipe" in refusal(edited("rows.0.task", "linear", TABLE), Table)
    assert "unknown key rows.0.recipee" in refusal(edited("rows.0.recipee", {}, TABLE), Table)


@pytest.mark.parametrize("name", ["bias", "figure3", "report"])
def test_a_table_may_not_be_named_as_another_result(name):
    assert f"name {name!r} is taken by another" in refusal(edited("name", name, TABLE), Table)


def test_a_table_is_named_as_its_file(tmp_path):
    path = tmp_path / "other.yaml"
    path.write_text(yaml.safe_dump(TABLE), encoding="utf-8")
    with pytest.raises(FameError, match="rename"):
        load_table(path)
    assert load_table(path.rename(tmp_path / "t.yaml")).name == "t"


def test_the_grid_is_micro_with_what_it_lacks(root):
    folder = root / "tests" / "workflow"
    micro, grid = (load_scale(str(folder / f"{name}.yaml")) for name in ("micro", "micro_grid"))
    plain, full = micro.model_dump(exclude={"name"}), grid.model_dump(exclude={"name"})
    assert set(full["datasets"]) - set(plain["datasets"]) == {"diving48"}
    assert set(full["backbones"]) - set(plain["backbones"]) == {"i3d"}
    full["datasets"].pop("diving48")
    full["backbones"].pop("i3d")
    assert full == plain


@pytest.mark.parametrize("scale", ["mini", "paper", "official"])
def test_complete_scales_measure_every_row_with_a_recipe(root, scale):
    experiments = Experiments(scale, root / "config" / "tables")
    for name, table in experiments.every_table.items():
        left_out = {LEFT_OUT} if name in experiments.tables else set()
        for row in table.rows:
            for column in table.columns.values():
                assert measurable(experiments.scale, row, column) in {
                    *(None, "quoted only"),
                    *left_out,
                }


def test_the_grid_measures_every_row_of_the_core(root):
    grid = root / "tests" / "workflow" / "micro_grid.yaml"
    experiments = Experiments(str(grid), root / "config" / "tables")
    for table in experiments.tables.values():
        for row in (row for row in table.rows if row.set == "core"):
            for column in table.columns.values():
                assert measurable(experiments.scale, row, column) in {None, "quoted only"}


OWN = {
    "kind": "folder",
    "title": "Own",
    "root": "videos",
    "labels": "folders",
    "annotations": None,
    "group": None,
    "val": 0,
    "test": 0.3,
    "split_seed": 0,
    "missing": "error",
    "tolerance": 0,
    "verify": {"frames": "all", "seconds": 60},
    "prepare": None,
}


def with_own(**changes: Any) -> dict[str, Any]:
    """The mini scale with a folder of own videos."""
    return edited("datasets.own", OWN | changes)


def test_own_videos_are_a_dataset():
    assert parse(Scale, with_own(), "file.yaml").datasets["own"].kind == "folder"
    assert "datasets.own.folder.val is missing" in refusal(
        edited("datasets.own", {key: value for key, value in OWN.items() if key != "val"})
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"labels": "csv"}, "annotations must name a csv if labels is csv"),
        ({"annotations": "own.csv"}, "annotations must name a csv if labels is csv"),
        ({"labels": "none"}, "unlabelled videos can only be pretrained on: set val and test to 0"),
        ({"val": 0.8}, "val and test together exceed 1"),
        ({"group": "(g"}, "group is not a regular expression"),
        ({"test": 1.5}, "less than or equal to 1"),
        ({"verify": {"frames": "some", "seconds": 60}}, "'all' or 'ends'"),
        ({"verify": {"frames": "all", "seconds": 0}}, "greater than 0"),
    ],
)
def test_own_videos_that_contradict_themselves_are_refused(changes, said):
    assert said in refusal(with_own(**changes))


def test_every_scale_file_says_whether_it_is_deterministic(root):
    files = [*(root / "config" / "scales").glob("*.yaml"), root / "tests/workflow/micro.yaml"]
    assert all(isinstance(load_scale(str(f)).resources.deterministic, bool) for f in files)


@pytest.mark.parametrize(
    ("old", "place"),
    [
        ("fit", "fit"),
        ("merge.clips", "pretrain.merge.clips"),
        ("pretrain.moco", "pretrain.moco"),
        ("evaluate.linear.train_colours", "evaluate.linear.train_colours"),
        ("evaluate.retrieval.colours", "evaluate.retrieval.colours"),
    ],
)
def test_an_old_key_is_told_its_new_name(old, place):
    said = refusal(edited(place, 1))
    assert f"unknown key {place}; it is called {reading.RENAMED[old]} now" in said


def test_every_renamed_key_has_a_new_name_that_is_valid():
    """Or the error would send a user from one unknown key to another."""
    known = key_paths(MINI)
    for old, new in reading.RENAMED.items():
        assert any(f".{path}".endswith(f".{new}") for path in known), new
        assert not any(f".{path}".endswith(f".{old}") for path in known), old


def test_an_old_key_of_a_recipes_merge_is_told_its_new_name():
    with pytest.raises(FameError, match=r"unknown key clips; it is called merged_views now"):
        parse(Merge, MINI["pretrain"]["merge"] | {"clips": "both"}, "recipe of 'moco': merge")
