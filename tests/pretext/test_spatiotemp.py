"""Spatio-Temp: its loss by hand, its labels from pixels, seams, loader processes, refusals."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from method_runs import WORLD, built, options_of, setting
from random_batch import COLOURFUL, PLAIN, pairs

from fame.augment.crop import crop_resize_flip
from fame.augment.photometric import photometric
from fame.augment.view_draws import draw
from fame.core.errors import FameError
from fame.data.clips.batch import Sample, collate
from fame.data.clips.loader import KeyedBatches, loader
from fame.pretext.spatiotemp import Statistics
from fame.pretext.toolbox.labels.appearance_labels import appearance_labels
from fame.pretext.toolbox.labels.flow import flow, stored
from fame.pretext.toolbox.labels.motion_labels import motion_labels
from fame.train.pretrain import build_method, clips_of

OWN, FAME = options_of("spatiotemp", "own"), options_of("spatiotemp", "fame")


def test_the_loss_by_hand(micro):
    model, batch = built(micro, "spatiotemp", FAME | {"factor": 0.5})
    with torch.no_grad():
        for layer in (model.motion, model.appearance):
            layer.weight.zero_()
        model.motion.bias.copy_(torch.tensor([3.0, 2.0] * 7))
        model.appearance.bias.fill_(4.0)
    motion, appearance = torch.tensor([1, 2] * 7), torch.full((13,), 6)
    batch = replace(batch, drawn=torch.cat([motion, appearance]).expand(8, -1))
    loss, scalars = model.loss(batch, 0)
    assert loss.item() == pytest.approx(0.5 * 2.4)
    assert scalars["motion"] == 2 and scalars["appearance"] == 4
    assert scalars["accuracy"] == 0.5  # no labels differ


def clip(seed=0, count=4, height=24, width=20):
    """A sample of smooth noise that moves to the right."""
    noise = torch.rand(1, 3, height // 2, (width + count) // 2 + 1, generator=_key(seed))
    still = torch.nn.functional.interpolate(noise, scale_factor=2, mode="bilinear")[0]
    frames = [still[:, :, count - t : count - t + width] for t in range(count)]
    pixels = (255 * torch.stack(frames, dim=1)).byte()[None]
    numbers = torch.arange(count)[None]
    return Sample(pixels, numbers, torch.empty(0, dtype=torch.int64), -1, 3, 7)


def _key(seed):
    return torch.Generator().manual_seed(seed)


def bytes_of(clips):
    return (255 * clips[0]).round().byte().permute(1, 2, 3, 0).numpy()


@pytest.mark.parametrize("colour", ["octant", "exact"])
def test_labels_are_of_the_view_that_the_step_sees(colour):
    sample = clip()
    chosen = draw(COLOURFUL, 5, "view0", [7], [3], [(24, 20)])
    plain = crop_resize_flip(sample.clips, chosen.boxes, chosen.flip, 16)
    coloured = photometric(plain, chosen, "torchvision")
    motion = motion_labels(stored(flow(bytes_of(plain))))
    found = Statistics(pairs(None), colour)(sample)
    assert found.dtype == torch.int64 and found.shape == (27,)
    assert found[:14].tolist() == motion.tolist()
    assert found[14:].tolist() == appearance_labels(bytes_of(coloured), colour).tolist()


def test_own_labels_plain_colours(micro):
    labeller = build_method(*setting(micro, "spatiotemp", OWN), WORLD).labeller()
    settings = labeller.views._settings
    assert (settings.gray, settings.jitter, settings.blur) == (0, 0, 0)
    assert labeller.colour == "exact"


def test_a_flip_turns_the_flow_round():
    views = [pairs(None, PLAIN.model_copy(update={"flip": flip})) for flip in (0.0, 1.0)]
    fields = [flow(bytes_of(view.explain(collate([clip()]), 0)[0].clips)) for view in views]
    rightward = [np.median(field[:, 0]) for field in fields]
    assert rightward[0] > 0.5 and rightward[1] < -0.5


def test_the_seam_of_a_looped_video_is_left_out():
    views, sample = pairs(None, PLAIN), clip(count=4)
    still = sample.clips[:, :, :1].repeat(1, 1, 4, 1, 1)
    still[:, :, 2:] = clip(seed=1).clips[:, :, :1]  # another picture from the third frame on
    looped = replace(sample, clips=still, frames=torch.tensor([[8, 9, 0, 1]]))
    assert Statistics(views, "octant")(looped)[:14].tolist() == [0, 0, 0, 0, *[1] * 10]
    cut = replace(looped, frames=torch.tensor([[0, 1, 2, 3]]))
    assert Statistics(views, "octant")(cut)[12:14].tolist() == [2, 2]


@pytest.mark.slow
def test_labels_are_made_by_loader_processes(micro, monkeypatch):
    scale, run = setting(micro, "spatiotemp", FAME)
    model = build_method(scale, run, WORLD)
    clips = clips_of(scale, run, micro.videos().select("train"), model)
    (here, *_) = loader(clips, KeyedBatches(len(clips), 8, 1, seed=0))
    monkeypatch.setattr(Statistics, "__call__", _only_in_a_child(Statistics.__call__))
    (there, *_) = loader(clips, KeyedBatches(len(clips), 8, 1, seed=0), workers=1)
    assert here.drawn.shape == (8, 27)
    assert torch.equal(here.drawn, there.drawn)
    model.loss(there, 0)  # which makes none


def _only_in_a_child(label):
    def labels(self, sample):
        assert torch.utils.data.get_worker_info() is not None
        return label(self, sample)

    return labels


def test_views_of_uneven_sizes_and_single_frames_are_refused(micro):
    for changes, words in (
        ({"backbones.r2plus1d.size": 20}, "make `size` of the backbone a multiple of 8"),
        ({"backbones.r2plus1d.size": 8}, "needs views of 16 pixels or more"),
        ({"backbones.r2plus1d.frames": 1}, "needs clips of 2 frames or more"),
    ):
        with pytest.raises(FameError, match=words):
            build_method(*setting(micro, "spatiotemp", FAME, changes), WORLD)
