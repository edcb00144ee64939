"""Recipes and run ids: equal recipes are one run, and nothing else is."""

from pathlib import Path
from typing import Any

import pytest
from changed_scale import scale_with
from own_videos import OWN

from fame.config.reading import load_scale, parse
from fame.config.scale import Scale
from fame.config.tables import Recipe
from fame.core.errors import FameError
from fame.pipeline import runs
from fame.pipeline.experiments import Experiments
from fame.pipeline.runs import data_id, digest, plugin_digest, resolve, split_data_id

FAME = Recipe(method="moco", backbone="r2plus1d", pretrain="kinetics400", merge={"mask": "fame"})
MOCO = Recipe(method="moco", backbone="r2plus1d", pretrain="kinetics400")
SUPERVISED = Recipe(method="supervised", backbone="r2plus1d", pretrain="kinetics400")
BE = MOCO.model_copy(update={"method": "be", "options": {"protocol": "fame", "strength": 0.3}})
RANDOM = Recipe(method="random", backbone="r2plus1d")


def run_id(scale: Scale, recipe: Recipe = FAME, refine: dict[str, Any] | None = None) -> str:
    return resolve(scale, recipe, refine or {}, 0).id


@pytest.fixture(scope="module")
def mini(request) -> Experiments:
    return Experiments("mini", request.config.rootpath / "config" / "tables")


def test_a_run_id_is_readable():
    assert run_id(load_scale("mini")).startswith("moco-fame-r2plus1d-kinetics400-s0-")
    assert run_id(load_scale("mini"), RANDOM).startswith("random-r2plus1d-s0-")


def test_equal_recipes_are_one_run_however_they_are_written():
    scale = load_scale("mini")
    beta = scale.pretrain.merge.beta
    spelled = FAME.model_copy(
        update={"merge": {"beta": beta, "mask": "fame", "merged_views": "single"}}
    )
    assert run_id(scale, spelled) == run_id(scale)
    assert run_id(scale, FAME, {"merged_views": "single"}) == run_id(scale)
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1, "b": 3})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "other"),
        ("note", "another note"),
        ("comparable", True),
        ("seeds", [0]),
        ("resources.threads", 9),
        ("resources.gpus", 2),
        ("resources.fused_norm", True),
        ("resources.cuda_graphs", True),
        ("resources.checkpoint_minutes", 7),
        ("datasets.kinetics400.title", "Another title"),
        ("datasets.hmdb51.world.train", 16),
        ("datasets.kinetics400.world.sound", False),
        ("backbones.r2plus1d.title", "Another title"),
        ("pretrain.monitor.every_epochs", 1),
        ("pretrain.methods.moco.queue.ucf101", 99),
        ("pretrain.epochs.ucf101", 99),
        ("evaluate.clips", 5),
    ],
)
def test_what_cannot_change_an_encoder_keeps_its_id(path, value):
    assert run_id(scale_with({path: value})) == run_id(load_scale("mini"))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("max_short_side", 36),
        ("datasets.kinetics400.world.scene_bias", 0.75),
        ("backbones.r2plus1d.encoder.width", 16),
        ("backbones.r2plus1d.stride", 1),
        ("pretrain.epochs.kinetics400", 1),
        ("pretrain.group", 8),
        ("pretrain.precision", "bfloat16"),
        ("pretrain.optimiser.lr", 0.1),
        ("pretrain.optimiser.schedule.warmup_steps", 0),
        ("pretrain.views.hue", 0.1),
        ("pretrain.views.jitter_kind", "additive"),
        ("pretrain.merge.beta", 0.3),
        ("pretrain.methods.moco.temperature", 0.2),
        ("pretrain.methods.moco.queue.kinetics400", 64),
    ],
)
def test_what_changes_an_encoder_changes_its_id(path, value):
    assert run_id(scale_with({path: value})) != run_id(load_scale("mini"))


def test_a_rate_of_its_own_is_in_the_id_of_that_method_alone():
    mini, own = load_scale("mini"), scale_with({"pretrain.rates": {"supervised": 0.15}})
    assert run_id(own) == run_id(mini) and run_id(own, RANDOM) == run_id(mini, RANDOM)
    training = resolve(own, SUPERVISED, {}, 0).recipe["pretrain"]
    assert training["optimiser"]["lr"] == 0.15 and "rates" not in training
    # Equal trainings are one run: the scale's rate written out, and the rate of all.
    written = scale_with({"pretrain.rates": {"supervised": mini.pretrain.optimiser.lr}})
    assert run_id(written, SUPERVISED) == run_id(mini, SUPERVISED) != run_id(own, SUPERVISED)
    everyones = scale_with({"pretrain.optimiser.lr": 0.15, "pretrain.rates": {}})
    assert run_id(everyones, SUPERVISED) == run_id(own, SUPERVISED)


def test_where_a_dataset_lies_does_not_matter_but_its_split_does():
    recipe = FAME.model_copy(update={"pretrain": "ucf101"})
    one = run_id(load_scale("paper"), recipe)
    moved = {"root": "/elsewhere", "annotations": "/lists", "tolerance": 0.5, "missing": "skip"}
    moved |= {"verify.frames": "ends", "verify.seconds": 1}
    moved = {f"datasets.ucf101.{key}": value for key, value in moved.items()}
    assert run_id(scale_with(moved, "paper"), recipe) == one
    assert run_id(scale_with({"datasets.ucf101.split": 2}, "paper"), recipe) != one


def test_an_unmerged_run_ignores_the_merge_settings_and_a_random_one_all_training():
    changed = scale_with({"pretrain.merge.beta": 0.3})
    assert run_id(changed, MOCO) == run_id(load_scale("mini"), MOCO) != run_id(changed)
    assert resolve(changed, MOCO, {"merged_views": "both"}, 0).merge is None
    slower = scale_with({"pretrain.epochs.kinetics400": 2})
    assert run_id(slower, RANDOM) == run_id(load_scale("mini"), RANDOM)


def test_a_column_refines_the_merge_and_seeds_make_distinct_runs():
    scale = load_scale("mini")
    both = resolve(scale, FAME, {"merged_views": "both"}, 0)
    assert both.merge is not None and both.merge.merged_views == "both"
    assert both.id != run_id(scale)
    assert len({resolve(scale, FAME, {}, seed).id for seed in range(5)}) == 5
    with pytest.raises(FameError, match="unknown key bata; did you mean 'beta'"):
        resolve(scale, FAME, {"bata": 1}, 0)


def test_a_plug_in_is_part_of_the_recipe_by_content(tmp_path):
    scale, file = load_scale("mini"), tmp_path / "mine.py"
    recipe = FAME.model_copy(update={"merge": {"mask": str(file)}})
    with pytest.raises(FameError, match=r"mine\.py: the plug-in file cannot be read"):
        resolve(scale, recipe, {}, 0)
    file.write_text("a = 1\n", encoding="utf-8")
    before = run_id(scale, recipe)
    assert before.startswith("moco-mine-r2plus1d-")
    file.write_text("a = 2\n", encoding="utf-8")
    assert run_id(scale, recipe) != before
    assert plugin_digest("fame.augment.masks", "fame") == {}


def test_a_run_needs_epochs_for_its_dataset_and_a_queue_if_its_method_has_one():
    recipe = FAME.model_copy(update={"pretrain": "hmdb51"})
    with pytest.raises(FameError, match=r"'mini': pretrain\.epochs lacks 'hmdb51'"):
        resolve(load_scale("mini"), recipe, {}, 0)
    scale = scale_with({"pretrain.epochs.hmdb51": 1})
    with pytest.raises(FameError, match=r"'mini': pretrain\.methods\.moco\.queue lacks 'hmdb51'"):
        resolve(scale, recipe, {}, 0)
    labelled = SUPERVISED.model_copy(update={"pretrain": "hmdb51"})
    assert resolve(scale, labelled, {}, 0).recipe["pretrain"]["methods"] == {}


@pytest.mark.parametrize("key", ["temperature", "momentum", "queue.kinetics400"])
def test_contrast_is_in_the_name_of_methods_that_contrast_only(key):
    changed = scale_with({f"pretrain.methods.moco.{key}": 0.5 if "q" not in key else 64})
    mini = load_scale("mini")
    assert run_id(changed, SUPERVISED) == run_id(mini, SUPERVISED)
    for recipe in (MOCO, FAME, BE):
        assert run_id(changed, recipe) != run_id(mini, recipe)


def test_a_scale_without_a_section_trains_the_methods_that_need_none():
    scale = scale_with({"pretrain.methods": {}})
    assert run_id(scale, SUPERVISED) == run_id(load_scale("mini"), SUPERVISED)
    with pytest.raises(
        FameError, match=r"pretrain\.methods lacks moco, which the method 'be' uses"
    ):
        resolve(scale, BE, {}, 0)


def test_a_method_of_ones_own_names_its_sections_in_its_file(tmp_path):
    scale, file = load_scale("mini"), tmp_path / "mine.py"

    def sections(line):
        file.write_text(f"import no_such_module\n{line}\n", encoding="utf-8")
        recipe = MOCO.model_copy(update={"method": str(file)})
        return resolve(scale, recipe, {}, 0).recipe["pretrain"]["methods"]

    assert sections("") == {}
    assert sections('USES: tuple[str, ...] = ("moco",)')["moco"]["queue"] == {"kinetics400": 0}
    for line, said in {
        'USES = ("mocco",)': "uses 'mocco', which is no section of pretrain.methods; choose",
        'USES = "moco"': r"USES must be a tuple of names, as \('moco',\) is",
        "USES = tuple(names)": r"mine\.py: USES must be written out",
    }.items():
        with pytest.raises(FameError, match=said):
            sections(line)


def test_the_values_of_options_are_in_the_name():
    stronger = BE.model_copy(update={"options": BE.options | {"strength": 0.4}})
    assert run_id(load_scale("mini"), stronger) != run_id(load_scale("mini"), BE)


def test_only_mini_worlds_are_new_for_every_seed():
    mini, paper = load_scale("mini"), load_scale("paper")
    assert data_id(mini, "ucf101", 2) == "ucf101-w2"
    assert data_id(paper, "ucf101", 2) == "ucf101"
    assert resolve(mini, FAME, {}, 1).data_id(mini) == "kinetics400-w1"
    assert resolve(mini, RANDOM, {}, 1).data_id(mini) is None


@pytest.mark.parametrize("scale", ["mini", "paper"])
def test_data_ids_are_taken_apart_again(scale):
    loaded = load_scale(scale)
    for dataset in loaded.datasets:
        seed = 7 if scale == "mini" else None
        assert split_data_id(loaded, data_id(loaded, dataset, 7)) == (dataset, seed)
    for wrong in ("ucf101-wx", "k700", "ucf101" if scale == "mini" else "ucf101-w1"):
        with pytest.raises(FameError, match=r"no data instance .*; choose one of .*ucf101"):
            split_data_id(loaded, wrong)


def test_an_encoder_made_elsewhere_is_a_run(tmp_path, monkeypatch):
    """Its weights' content is its recipe; where they lie is not."""
    monkeypatch.setenv("WEIGHTS", str(tmp_path))
    scale = load_scale("mini")
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / f"{name}.pth").write_bytes(content)
    runs = {
        name: resolve(scale, Recipe(encoder=f"$WEIGHTS/{name}.pth", backbone="r2plus1d"), {}, 0)
        for name in "abc"
    }
    assert runs["a"].id.startswith("encoder-a-r2plus1d-s0-")
    assert runs["a"].recipe == runs["b"].recipe != runs["c"].recipe
    assert runs["a"].data_id(scale) is None
    with pytest.raises(FameError, match=r"none\.pth: no such encoder"):
        resolve(scale, Recipe(encoder="$WEIGHTS/none.pth", backbone="r2plus1d"), {}, 0)


@pytest.mark.parametrize(
    "recipe",
    [
        {"backbone": "r2plus1d"},
        {"backbone": "r2plus1d", "method": "moco", "encoder": "x.pth"},
        {"backbone": "r2plus1d", "encoder": "x.pth", "pretrain": "ucf101"},
        {"backbone": "r2plus1d", "encoder": "x.pth", "merge": {}},
    ],
)
def test_a_recipe_has_one_origin(recipe):
    with pytest.raises(FameError, match=r"either a method or an encoder|remove pretrain"):
        parse(Recipe, recipe, "a recipe")


@pytest.mark.parametrize("more", [{"merge": {}}, {"options": {"a": 1}}])
def test_what_only_a_training_can_use_is_refused_without_one(more):
    with pytest.raises(FameError, match="nothing is trained without pretrain"):
        parse(Recipe, {"method": "random", "backbone": "r2plus1d"} | more, "a recipe")


def test_weights_are_read_once_and_again_when_they_change(tmp_path, monkeypatch):
    file = tmp_path / "mine.pth"
    file.write_bytes(b"1")
    read = []
    digest_of = runs.sha256
    monkeypatch.setattr(runs, "sha256", lambda path: read.append(path) or digest_of(path))
    recipe = Recipe(encoder=str(file), backbone="r2plus1d")
    first = [resolve(load_scale("mini"), recipe, {}, seed) for seed in range(3)]
    assert len(read) == 1 and len({run.recipe["encoder"] for run in first}) == 1
    file.write_bytes(b"12")
    assert resolve(load_scale("mini"), recipe, {}, 0).id != first[0].id


def test_weights_are_called_by_their_file_or_by_the_folder_of_an_encoder(tmp_path):
    names = ("r2plus1d_18-91a641e6.pth", "moco-s0/encoder.safetensors")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"1")
    runs = [
        resolve(load_scale("mini"), Recipe(encoder=str(path), backbone="r2plus1d"), {}, 1)
        for path in (
            tmp_path / "r2plus1d_18-91a641e6.pth",
            tmp_path / "moco-s0/encoder.safetensors",
        )
    ]
    assert [run.weights for run in runs] == ["r2plus1d_18-91a641e6", "moco-s0"]
    assert runs[0].id.startswith("encoder-r2plus1d_18_91a641e6-r2plus1d-s1-")
    assert runs[1].id.startswith("encoder-moco_s0-r2plus1d-s1-")


def test_where_own_videos_lie_does_not_matter_but_how_they_are_split_does():
    recipe = FAME.model_copy(update={"pretrain": "own"})
    entry = OWN | {"labels": "folders"}

    def with_own(**changes):
        changed = {
            "datasets.own": entry | changes,
            "pretrain.methods.moco.queue.own": 0,
            "pretrain.epochs.own": 1,
        }
        return run_id(scale_with(changed), recipe)

    assert with_own() == with_own(root="elsewhere", tolerance=0.5, missing="skip", title="Mine")
    assert len({with_own(), with_own(split_seed=1), with_own(test=0.5), with_own(group="g")}) == 4


def test_prepared_videos_are_another_recipe_and_their_place_is_not():
    recipe = FAME.model_copy(update={"pretrain": "ucf101"})
    copies = {"to": "a", "short_side": 128, "crf": 18, "keyframes": 8, "shards": 2}

    def prepared(**changes):
        return run_id(scale_with({"datasets.ucf101.prepare": copies | changes}, "paper"), recipe)

    assert prepared() == prepared(to="b", shards=9)
    whole = run_id(load_scale("paper"), recipe)
    assert len({whole, prepared(), prepared(crf=20), prepared(short_side=256)}) == 4


def test_methods_and_masks_are_checked_before_they_are_needed(tmp_path):
    scale = load_scale("mini")
    with pytest.raises(FameError, match=r"no 'mocco' in fame\.pretext; did you mean 'moco'\?"):
        resolve(scale, FAME.model_copy(update={"method": "mocco"}), {}, 0)
    with pytest.raises(FameError, match=r"no 'gaus' in fame\.augment\.masks; .* 'gauss'\?"):
        resolve(scale, FAME.model_copy(update={"merge": {"mask": "gaus"}}), {}, 0)
    bad = tmp_path / "bad.py"
    bad.write_text("def mask(:\n")
    for recipe in ({"method": str(bad)}, {"merge": {"mask": str(bad)}}):
        with pytest.raises(FameError, match=r"bad\.py: the plug-in file is not Python .*line 1"):
            resolve(scale, FAME.model_copy(update=recipe), {}, 0)


def test_a_backbone_from_outside_is_in_the_runs_name_with_its_content(tmp_path):
    toy = Path(__file__).parents[1] / "workflow" / "toys" / "thin.py"
    mine = tmp_path / "thin.py"
    mine.write_text(toy.read_text())
    entry = {"arch": str(mine), "channels": 5}
    thin = {"title": "Thin", "encoder": entry, "frames": 8, "stride": 2, "size": 32}
    scale = scale_with({"backbones.thin": thin})
    recipe = Recipe(method="random", backbone="thin")
    before = resolve(scale, recipe, {}, 0)
    mine.write_text(toy.read_text() + "# changed\n")
    assert resolve(scale, recipe, {}, 0).id != before.id
    assert before.recipe["backbone"]["encoder"] == entry
