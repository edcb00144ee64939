from dataclasses import replace

import pytest
import yaml
from micro_world import MICRO, TABLES, choose
from official_weights import checkpoint

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.core.files import sha256, write_json
from fame.evaluate.features.clipspec import ClipSpec
from fame.models import build_encoder
from fame.models.backbones.i3d import published as published_i3d
from fame.models.files import save_encoder
from fame.models.import_weights import import_weights
from fame.search import encoder_source as module
from fame.search.encoder_source import describe, locate, recorded
from fame.search.library import Library


def export(folder, network, **facts):
    """An encoder with its card, as a run leaves them."""
    path = folder / "encoder.safetensors"
    save_encoder(path, build_encoder(network, 0))
    write_json(folder / "card.json", {"encoder_sha256": sha256(path), **facts})
    return path


def run_of(folder, start):
    """The encoder (never trained) and the true card's recipe of a micro run, and its scale."""
    scale, run = choose(MICRO, start)
    backbone = scale.backbones[run.backbone]
    path = export(folder, backbone.encoder, recipe=run.recipe, scale=scale.name, run=run.id)
    expected = ClipSpec.of(scale, backbone, scale.pretrain.views)
    return path, replace(expected, max_short_side=expected.max_short_side or 2 * expected.size)


def test_a_pretrained_encoder_needs_no_scale(tmp_path, monkeypatch):
    path, expected = run_of(tmp_path, "moco-fame")

    def refuse(_):
        raise AssertionError("no scale is needed")

    monkeypatch.setattr(module, "load_scale", refuse)
    source = describe(path, 7, None, None)
    assert source.spec == replace(expected, clips=7)
    assert source.sha256 == sha256(path)
    source.load()


def test_an_untrained_encoder_is_shown_what_its_scale_says(tmp_path):
    path, expected = run_of(tmp_path, "random")
    with pytest.raises(FameError, match="name a scale with --scale"):
        describe(path, 7, None, None)  # its scale is no named one
    assert describe(path, 7, str(MICRO), None).spec == replace(expected, clips=7)


def test_a_named_scale_of_the_card_is_found(tmp_path):
    scale = load_scale("mini")
    _, run = choose("mini", "random-r2plus1d-s0")
    backbone = scale.backbones[run.backbone]
    path = export(tmp_path, backbone.encoder, recipe=run.recipe, scale="mini")
    assert describe(path, 10, None, None).spec.mean == scale.pretrain.views.mean


def test_the_card_goes_before_the_scale(tmp_path):
    path, expected = run_of(tmp_path, "moco-fame")
    assert describe(path, expected.clips, "paper", None).spec == expected


def test_an_imported_encoder_needs_a_scale_with_its_backbone(tmp_path):
    scale = load_scale(str(MICRO))
    settings = next(iter(scale.backbones.values())).encoder
    path = export(tmp_path, settings, settings=settings.model_dump(mode="json"))
    with pytest.raises(FameError, match="name a scale with --scale"):
        describe(path, 10, None, None)
    with pytest.raises(FameError, match="none of the backbones of scale paper"):
        describe(path, 10, "paper", None)
    with pytest.raises(FameError, match="that is called i3d"):
        describe(path, 10, str(MICRO), "i3d")
    assert describe(path, 10, str(MICRO), None).settings == settings


def test_backbones_that_differ_in_their_clips_only_are_chosen_by_name(tmp_path):
    content = yaml.safe_load(MICRO.read_text())
    content["backbones"]["longer"] = {**content["backbones"]["r2plus1d"], "frames": 12}
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(content))
    two = str(tmp_path / "two.yaml")
    settings = load_scale(two).backbones["longer"].encoder
    path = export(tmp_path, settings, settings=settings.model_dump(mode="json"))
    with pytest.raises(FameError, match="any of longer, r2plus1d; choose with --backbone"):
        describe(path, 10, two, None)
    assert describe(path, 10, two, "longer").spec.frames == 12


def test_what_fame_adopts_can_be_described(tmp_path):
    checkpoint(tmp_path / "official.pth", "r2plus1d")
    import_weights(tmp_path / "official.pth", tmp_path / "out")
    source = describe(tmp_path / "out" / "encoder.safetensors", 10, "paper", None)
    assert (source.spec.frames, source.spec.size) == (16, 112)


def test_weights_without_a_card_are_told_how_to_become_an_encoder(tmp_path):
    checkpoint(tmp_path / "official.pth", "r2plus1d")
    with pytest.raises(FameError, match=r"fame import-official .*official\.pth --out FOLDER"):
        describe(tmp_path / "official.pth", 10, "paper", None)


def test_cards_that_say_too_little_or_of_another_encoder_are_refused(tmp_path):
    settings = published_i3d(8)
    path = export(tmp_path, settings)
    with pytest.raises(FameError, match="does not say which network"):
        describe(path, 10, "mini", None)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(FameError, match="SHA-256 differ"):
        describe(path, 10, "mini", None)


def test_an_encoder_is_found_by_file_directory_and_id(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scale, run = choose(MICRO, "random")
    folder = tmp_path / "results" / scale.name / "pretrain" / run.id
    with pytest.raises(FameError, match=rf"{run.id} is not pretrained yet; `snakemake results/"):
        locate(run.id, str(MICRO), TABLES)
    path = export(folder, scale.backbones[run.backbone].encoder)
    for name in (str(path), str(folder), run.id):
        assert locate(name, str(MICRO), TABLES).resolve() == path.resolve()


def test_what_is_no_encoder_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, run = choose(MICRO, "random")
    with pytest.raises(FameError, match=f"did you mean {run.id}"):
        locate(run.id[:-1], str(MICRO), TABLES)
    with pytest.raises(FameError, match="`fame runs` lists those"):
        locate("zzz", str(MICRO), TABLES)
    for name in ("none/encoder.safetensors", "none.safetensors", "a/b"):
        with pytest.raises(FameError, match="neither a file, a folder nor a run of scale micro"):
            locate(name, str(MICRO), TABLES)


def test_a_folder_without_an_encoder_is_not_said_to_hold_one(tmp_path):
    with pytest.raises(FameError, match=r"is a folder without encoder\.safetensors; give"):
        locate(str(tmp_path), str(MICRO), TABLES)


def test_a_library_is_continued_by_its_own_encoder_only(tmp_path):
    path, _ = run_of(tmp_path, "moco-fame")
    source = describe(path, 7, None, None)
    library, features = Library(source.origin(), {}), tmp_path / "f.parquet"
    library.write(features)
    library = Library.read(features)
    assert recorded(library, features, None) == source
    moved = tmp_path / "moved"
    moved.mkdir()
    path.rename(moved / "encoder.safetensors")
    with pytest.raises(FameError, match="is gone; give its new path with --encoder"):
        recorded(library, features, None)
    for place in (moved, moved / "encoder.safetensors"):
        assert recorded(library, features, place).spec == source.spec
    save_encoder(moved / "encoder.safetensors", build_encoder(source.settings, 1))
    with pytest.raises(FameError, match="is not the encoder that made"):
        recorded(library, features, moved)
