"""Playback Rate Perception: what is encoded and rebuilt, the loss, and what it refuses."""

import math

import pytest
import torch
from method_runs import NEEDS, WORLD, built, options_of, setting
from torch import nn

from fame.augment.photometric import normalise
from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.core.files import read_json
from fame.models.backbones.i3d import published
from fame.train.pretrain import build_method, pretrain

# The smallest backbone that serves: a map of 1 x 1 x 1, rebuilt to 16 frames of 16 pixels.
SERVES = NEEDS["prp"]
PLAIN = {
    "pretrain.views.jitter": 0.0,
    "pretrain.views.gray": 0.0,
    "pretrain.views.blur": 0.0,
}
BOTH = pytest.mark.parametrize("protocol", ["own", "fame"])


def make(micro, protocol, changes=None, **options):
    return built(micro, "prp", options_of("prp", protocol, **options), SERVES | (changes or {}))


@BOTH
def test_a_batch_carries_clip_target_and_stills(micro, protocol):
    model, batch = make(micro, protocol)
    assert batch.clips.shape == (8, 6, 3, 8, 40, 40)
    rates = torch.tensor(model.options.rates)[batch.drawn[:, 0]]
    assert torch.equal(batch.frames[:, 0].diff(dim=1), rates[:, None].expand(8, 7))
    # Videos of 16 frames have room for rates 1 and 2.
    assert set(rates.tolist()) == {1, 2}


@BOTH
def test_clip_and_target_share_the_crop_and_only_the_clip_has_colours(micro, protocol):
    model, batch = make(micro, protocol, PLAIN)
    clip, plain = model.seen(batch, 0)
    assert len(plain) == 6 and plain[1].shape == (8, 3, 8, 16, 16)
    assert min(view.min() for view in plain) >= 0 and max(view.max() for view in plain) <= 1
    settings = model.views.settings
    expected = plain[0]
    if protocol == "fame":
        expected = normalise(plain[0], settings.mean, settings.std)
    assert torch.equal(clip, expected)
    slow = batch.drawn[:, 0] == 0
    # At rate 1 the second slot is the clip one frame on.
    assert torch.equal(plain[0][slow][:, :, 1:], plain[1][slow][:, :, :-1])
    coloured, same = make(micro, "fame")
    seen, targets = coloured.seen(same, 0)
    assert not torch.equal(seen, normalise(targets[0], settings.mean, settings.std))


@BOTH
def test_the_loss_is_error_plus_a_tenth_of_the_cross_entropy(micro, protocol):
    model, batch = make(micro, protocol)
    model.rate.linear.weight.data.zero_()
    model.rate.linear.bias.data.zero_()
    loss, scalars = model.loss(batch, 0)
    assert loss.item() == pytest.approx(scalars["error"].item() + 0.1 * math.log(4), rel=1e-6)
    heavy, _ = make(micro, protocol, weight=2)
    heavy.rate.linear.weight.data.zero_()
    heavy.rate.linear.bias.data.zero_()
    assert heavy.loss(batch, 0)[0].item() == pytest.approx(
        scalars["error"].item() + 2 * math.log(4), rel=1e-6
    )


def test_a_perfect_decoder_has_no_error_but_in_frames_that_do_not_count(micro):
    model, batch = make(micro, "own")
    _, plain = model.seen(batch, 0)
    target = torch.stack([plain[0], plain[1]], dim=3).flatten(2, 3)
    # At rate 1 every second frame is not the mean that the target has there.
    model.decoder = nn.Module()
    model.decoder.forward = lambda maps: target
    assert model.loss(batch, 0)[1]["error"].item() == 0
    model.decoder.forward = lambda maps: target + 1
    assert model.loss(batch, 0)[1]["error"].item() >= 0.8


def test_larger_views_are_shrunk_by_their_area_mean(micro):
    model, batch = make(micro, "own")
    _, plain = model.seen(batch, 0)
    model.shrink = 2
    _, small = model.seen(batch, 0)
    by_hand = plain[0].unflatten(4, (8, 2)).unflatten(3, (8, 2)).mean(dim=(4, 6))
    torch.testing.assert_close(small[0], by_hand)


@BOTH
def test_the_card_says_the_mix_of_rates(micro, tmp_path, protocol):
    scale, run = setting(micro, "prp", options_of("prp", protocol), SERVES)
    model = build_method(scale, run, WORLD)
    assert model.chance(8) == 0.25 and model.span(16, 2) == 17
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    mix = card["label_mix"]
    assert list(mix) == ["rate_1", "rate_2", "rate_4", "rate_8"]
    assert mix["rate_4"] == mix["rate_8"] == 0
    assert card["chance"] == max(mix.values())
    assert card["clips_per_video"] == {"with_gradient": 1, "without_gradient": 0}


@pytest.mark.parametrize(
    "change",
    [
        {"backbones.r2plus1d.frames": 7},
        {"backbones.r2plus1d.frames": 4},
        SERVES | {"backbones.r2plus1d.size": 24},
        # I3D's map is a 32nd of the size, 2 of 48 pixels: pictures of 32 are no part of 48.
        SERVES
        | {
            "backbones.r2plus1d.size": 48,
            "backbones.r2plus1d.encoder": published(8).model_dump(mode="json"),
        },
    ],
)
def test_backbones_whose_map_the_decoder_cannot_rebuild_from_are_refused(micro, change):
    scale, run = setting(micro, "prp", options_of("prp", "fame"), change)
    with pytest.raises(
        FameError, match=r"'prp' must rebuild .* frames of .* pixels.*multiple of 8"
    ):
        build_method(scale, run, WORLD)


@pytest.mark.parametrize("rates", [[1], [2, 1], [1, 3], [1, 1, 2], [0, 2]])
def test_rates_without_a_target_are_refused(micro, rates):
    with pytest.raises(FameError, match="rates"):
        build_method(*setting(micro, "prp", options_of("prp", "own", rates=rates), SERVES), WORLD)


def test_the_mini_scale_serves(root):
    scale = load_scale(str(root / "config" / "scales" / "mini.yaml"))
    assert scale.backbones["r2plus1d"].frames % 8 == 0
    assert scale.backbones["r2plus1d"].size % 16 == 0
