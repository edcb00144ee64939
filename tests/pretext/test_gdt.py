"""GDT: what it hears and counts, its hypotheses, and that sound is what it learns from."""

from dataclasses import replace

import pytest
import torch
from method_runs import WORLD, built, options_of, setting
from small_sounds import RATE, noise, write_heard
from small_videos import pictures, rows, write_video

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.data.clips.sounds import NO_TRACK, UNDECODABLE
from fame.data.manifest import Manifest
from fame.train.pretrain import build_method, pretrain


@pytest.mark.parametrize("hypothesis", range(1, 10))
def test_every_hypothesis_trains_both_networks(micro, hypothesis):
    model, batch = built(micro, "gdt", options_of("gdt", "fame", hypothesis=hypothesis))
    loss, scalars = model.loss(batch, 0)
    loss.backward()
    assert torch.isfinite(loss) and 0 <= scalars["accuracy"] <= 1 and 0 <= scalars["contrast"] <= 1
    for part in (model.encoder, model.ear, model.video_head, model.sound_head):
        assert all(weight.grad is not None for weight in part.parameters())
    assert model.clips == len(model.slots) == model.cost().with_gradient == batch.clips.shape[1]
    tells = hypothesis not in (1, 3, 5, 9)
    assert model.chance(8) == (0.5 if tells else 1 / 8)
    assert ("more like its own sound" in model.facts()["remarks"][-1]) == tells


def test_a_batch_has_the_sound_of_its_clips(micro):
    _, batch = built(micro, "gdt", options_of("gdt", "fame"))
    assert batch.sound.shape == (8, 4, round(0.32 * RATE))
    assert torch.equal(batch.sound[:, 0], batch.sound[:, 1])
    assert torch.equal(batch.sound[:, 2], batch.sound[:, 3])
    assert not torch.equal(batch.sound[:, 0], batch.sound[:, 2])
    assert torch.equal(batch.frames[:, 0], batch.frames[:, 1].flip(1))


def test_videos_without_sound_are_counted_and_do_not_matter(micro):
    model, batch = built(micro, "gdt", options_of("gdt", "fame"))
    model.eval()  # whose BatchNorm and dropout look at no other video
    outcomes = batch.outcomes.clone()
    outcomes[[2, 5]] = torch.tensor([NO_TRACK, UNDECODABLE])
    batch = replace(batch, outcomes=outcomes)
    found = model.loss(batch, 0)[0]
    sound, clips = batch.sound.clone(), batch.clips.clone()
    sound[[2, 5]], clips[[2, 5]] = 0, 128
    assert model.loss(replace(batch, sound=sound, clips=clips), 0)[0] == found
    shares = model.facts()["sound"]
    assert shares == {"heard": 0.75, "no_track": 0.125, "silent": 0.0, "undecodable": 0.125}
    assert model.facts()["shifts"] == {"too_small": 0.0, "apart": 1.0}


def test_a_batch_without_any_sound_changes_nothing(micro):
    model, batch = built(micro, "gdt", options_of("gdt", "fame"))
    loss, scalars = model.loss(replace(batch, outcomes=torch.full((8,), NO_TRACK)), 0)
    loss.backward()
    assert loss == scalars["accuracy"] == 0
    assert not any(weight.grad.any() for weight in model.encoder.parameters())


def test_both_senses_matter_and_dropout_is_keyed(micro):
    model, batch = built(micro, "gdt", options_of("gdt", "fame"))
    found, again = (model.loss(batch, 0)[0] for _ in range(2))
    assert found == again
    turned = replace(batch, sound=batch.sound.roll(1, dims=0))
    assert model.loss(turned, 0)[0] != found
    assert model.loss(replace(batch, epochs=batch.epochs + 1), 0)[0] != found
    assert model.eval().loss(batch, 0)[0] != found


def test_own_has_the_releases_vectors_views_and_stride(micro):
    model, batch = built(micro, "gdt", options_of("gdt", "own", stride=1))
    assert model.video_head.last.out_features == model.sound_head.last.out_features == 256
    assert batch.sound.shape[-1] == RATE and model.span(4, 2) == 4
    assert (batch.frames[:, 0].diff(dim=1) == 1).all()
    settings = model.views._settings
    assert (settings.jitter, settings.gray, settings.blur, settings.hue) == (1.0, 0.0, 0.0, 0.0)


def test_the_ear_is_as_wide_as_the_encoder(micro):
    model, _ = built(micro, "gdt", options_of("gdt", "fame"))
    assert model.ear.feature_dim == model.encoder.feature_dim


def dataset(place, count, heard):
    """Videos of 16 frames, of which the first ones have sound."""
    place.mkdir()
    for number in range(count):
        path = place / f"v{number}.avi"
        if number < heard:
            write_heard(path, 16, [(0, noise(16 * RATE // 25, seed=number))])
        else:
            write_video(path, pictures(16, seed=number))
    return Manifest("kinetics400", place, rows([16] * count, [(24, 32)] * count), ["even", "odd"])


def test_the_card_counts_what_was_heard_and_silence_alone_is_refused(micro, tmp_path):
    scale, run = setting(micro, "gdt", options_of("gdt", "fame"))
    pretrain(scale, run, dataset(tmp_path / "some", 8, 6), tmp_path / "run", WORLD, None)
    card = read_json(tmp_path / "run" / "card.json")
    assert card["sound"] == {"heard": 0.75, "no_track": 0.25, "silent": 0.0, "undecodable": 0.0}
    assert card["hypothesis"] == 6 and card["negatives"] == "in-batch"
    words = "'gdt' learns from sound and none of the 8 training videos of kinetics400 has any"
    with pytest.raises(FameError, match=words):
        pretrain(scale, run, dataset(tmp_path / "none", 8, 0), tmp_path / "no", WORLD, None)


def test_what_cannot_be_is_refused(micro):
    for changes, words in (
        ({"hypothesis": 10}, "hypothesis"),
        ({"hypothesis": 0}, "hypothesis"),
        ({"seconds": 0}, "seconds"),
    ):
        with pytest.raises(FameError, match=words):
            build_method(*setting(micro, "gdt", options_of("gdt", "fame", **changes)), WORLD)
    scale, run = setting(micro, "gdt", options_of("gdt", "fame"), {"backbones.r2plus1d.frames": 1})
    with pytest.raises(FameError, match="'gdt' needs clips of 2 frames or more"):
        build_method(scale, run, WORLD).sampling(1, 2)


def test_the_worlds_sound_is_part_of_its_name_and_of_no_other(micro):
    silent = {"datasets.kinetics400.world.sound": False}
    options = options_of("gdt", "fame")
    names = [setting(micro, "gdt", options, changes)[1].id for changes in ({}, silent)]
    assert names[0] != names[1]
    others = [setting(micro, "pace", options_of("pace", "fame"), c)[1].id for c in ({}, silent)]
    assert others[0] == others[1]
