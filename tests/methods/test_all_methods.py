"""What holds for every pretext method in each protocol, on the micro scale."""

from dataclasses import fields

import numpy as np
import pytest
import torch
from method_runs import (
    EVERY,
    OPTIONS,
    RATES,
    WORLD,
    built,
    losses,
    mostly,
    options_of,
    raw,
    setting,
)

from fame.core.distributed import World
from fame.core.errors import FameError
from fame.core.files import read_json
from fame.train.pretrain import build_method, clips_of, pretrain

UNORDERED = {("pace", "own")} | {
    pair for pair in OPTIONS if pair[0] in ("dsm", "gdt", "prp", "srtc", "temptrans", "vcp")
}
"""Methods whose clips do not always run forward, by design or where a video has one window."""
REPEATING = {"temptrans": ("own", "fame"), "srtc": ("own",)}
"""Protocols in which frames of short videos stand still."""
TARGETS = {"prp": 5}
"""Slots of a batch that are not encoded."""
FIXED = {
    "pretrain.views.jitter": 0.0,
    "pretrain.views.gray": 0.0,
    "pretrain.views.blur": 0.0,
    # A queue would hold the fixed batch's own positives.
    "pretrain.methods.moco.queue": {"kinetics400": 0, "ucf101": 0},
}
"""For training on one batch again and again."""
LARGE = {"speednet": {"sizes": [1.0, 1.5]}}
"""Options for the same: smaller views leave BatchNorm one position of four clips, and rounding
alone then decides how the loss goes."""


@pytest.mark.slow
@mostly("fame")
def test_the_loss_falls_on_a_fixed_batch(micro, method, protocol):
    model, batch = built(
        micro, method, options_of(method, protocol, **LARGE.get(method, {})), FIXED
    )
    found = losses(model, batch, rate=RATES.get(method, 0.05))
    assert np.isfinite(found).all()
    assert np.mean(found[-5:]) < 0.8 * np.mean(found[:3])


@EVERY
def test_a_run_says_protocol_chance_and_cost_on_its_card(micro, tmp_path, method, protocol):
    scale, run = setting(micro, method, options_of(method, protocol))
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    assert card["protocol"] == protocol and all(card["remarks"])
    assert 0 < card["chance"] < 1 and 0 <= card["metrics"]["accuracy"] <= 1
    assert card["clips_per_video"]["with_gradient"] > 0
    assert card["looped_videos"] == 0
    assert (tmp_path / "encoder.safetensors").is_file()


@EVERY
def test_videos_shorter_than_the_span_are_counted(micro, method, protocol):
    scale, run = setting(micro, method, options_of(method, protocol))
    model = build_method(scale, run, WORLD)
    frames = scale.backbones["r2plus1d"].frames
    span = model.span(frames, 2)
    draw = clips_of(scale, run, micro.videos().select("train"), model)._draw
    for seed in range(20):
        drawn = draw(span, np.random.default_rng(seed))
        numbers = getattr(drawn, "frames", drawn)
        assert numbers.shape == (model.clips + TARGETS.get(method, 0), frames)
        assert ((numbers >= 0) & (numbers < span)).all()
        if (method, protocol) not in UNORDERED:
            assert (np.diff(numbers) > 0).all()
    for n in (5, span - 1):
        drawn = draw(n, np.random.default_rng(0))
        numbers = getattr(drawn, "frames", drawn)
        assert ((numbers >= 0) & (numbers < n)).all()
        # Looping is no clamping: the last frame is not repeated.
        assert protocol in REPEATING.get(method, ()) or (np.diff(numbers) != 0).all()


@EVERY
def test_two_processes_see_what_one_sees(micro, method, protocol):
    options = options_of(method, protocol)
    scale, run = setting(micro, method, options)
    model = build_method(scale, run, WORLD)
    batch = raw(scale, run, model, micro.videos())
    whole = [view.clone() for view in seen(model, batch)]
    parts = []
    for rank in range(2):
        rows = slice(4 * rank, 4 * rank + 4)
        part = type(batch)(*(getattr(batch, field.name)[rows] for field in fields(batch)))
        twin = build_method(scale, run, World(rank, 2, torch.device("cpu")))
        parts.append(seen(twin, part))
    for ours, *halves in zip(whole, *parts, strict=True):
        assert torch.equal(ours, torch.cat(halves))


def seen(model, batch):
    """What the encoder is given at step 3."""

    class Seen(Exception):
        pass

    given = []

    def spy(module, inputs):
        given.append(inputs[0])
        raise Seen

    part = model.encoder.register_forward_pre_hook(spy)
    ways = ("maps", "stages", "signed")
    before = {way: getattr(model.encoder, way) for way in ways}
    for way in ways:
        setattr(model.encoder, way, lambda clips: spy(None, (clips,)))
    try:
        with pytest.raises(Seen):
            model.loss(batch, 3)
    finally:
        part.remove()
        for way, function in before.items():
            setattr(model.encoder, way, function)
    return given


@EVERY
def test_wrong_recipes_are_refused(micro, method, protocol):
    options = options_of(method, protocol)
    for wrong, recipe, words in (
        ({**options, "protocol": "mine"}, {}, "no protocol 'mine'; set options.protocol"),
        ({}, {}, "no protocol 'None'"),
        ({**options, "colour": 1}, {}, "unknown key colour"),
        (options, {"merge": {"mask": "fame"}}, f"'{method}' merges nothing: remove `merge`"),
    ):
        with pytest.raises(FameError, match=words):
            build_method(*setting(micro, method, wrong, **recipe), WORLD)
    for name in OPTIONS[method, protocol]:
        less = {key: value for key, value in options.items() if key != name}
        with pytest.raises(FameError, match=f"{name} is missing; write it, for example"):
            build_method(*setting(micro, method, less), WORLD)
    with pytest.raises(FameError, match="add `pretrain`"):
        build_method(*setting(micro, method, {}, pretrain=None), WORLD)
