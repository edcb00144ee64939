"""SRTC: the sum of its losses, what it encodes, its draws and heads."""

import pytest
import torch
from chosen import assert_balanced
from method_runs import WORLD, built, options_of, setting

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.data.clips.sampling import RandomClips
from fame.pretext.srtc import DIM
from fame.pretext.toolbox.draws.overhanging import Overhanging
from fame.pretext.toolbox.draws.repeated import Repeated
from fame.pretext.toolbox.keyed import orders
from fame.pretext.toolbox.losses.pairs import nt_xent
from fame.pretext.toolbox.losses.pieces import piece_loss
from fame.train.pretrain import build_method, pretrain

OWN, FAME = options_of("srtc", "own"), options_of("srtc", "fame")


@pytest.mark.parametrize(("options", "temperature"), [(OWN, 0.07), (FAME, 0.1)])
def test_the_loss_is_the_sum_of_four(micro, options, temperature):
    model, batch = built(micro, "srtc", options)
    given, vectors = [], []
    real = model.vectors

    def spy(clips):
        given.append(clips)
        vectors.append(real(clips))
        return vectors[-1]

    model.vectors = spy
    loss, scalars = model.loss(batch, 0)
    views = model.views(batch, 0)
    for ours, theirs in zip(given, views, strict=False):
        assert torch.equal(ours, theirs)
    order = orders(0, "srtc-segments", batch, 2)
    (clip_a, one), (clip_b, two), (_, again), (_, mixed) = vectors
    expected = nt_xent(clip_a, clip_b, temperature)[0]
    expected = expected + nt_xent(one.mean(1), two.mean(1), temperature)[0]
    back = mixed.clone()
    for row, kept in enumerate((order == torch.arange(2)).all(dim=1).tolist()):
        # The third clip, with its halves as they were or swapped
        clip = views[2][row]
        halves = (clip[:, :2], clip[:, 2:])
        assert torch.equal(given[3][row], torch.cat(halves if kept else halves[::-1], dim=1))
        if not kept:
            back[row] = mixed[row].flip(0)
    for series in (one, again):
        expected = expected + piece_loss(series, back, 0.05).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    assert 0 <= scalars["accuracy"].item() <= 1
    assert clip_a.shape == (8, 16) and one.shape == (8, 2, DIM)
    torch.testing.assert_close(one.norm(dim=2), torch.ones(8, 2))


def test_orders_of_segments_are_balanced(micro):
    _, batch = built(micro, "srtc", FAME)
    rows = torch.arange(600)
    many = type(batch)(**{**vars(batch), "indices": rows, "epochs": rows // 200})
    drawn = orders(0, "srtc-segments", many, 3)
    labels = (drawn * torch.tensor([9, 3, 1])).sum(dim=1)
    kinds = sorted(set(labels.tolist()))
    assert_balanced([kinds.index(label) for label in labels.tolist()], 6)


def test_its_draws_and_views(micro):
    own = build_method(*setting(micro, "srtc", OWN), WORLD)
    assert own.sampling(16, 2) == Repeated(Overhanging(16, 4, 2), (0, 1, 0), 0.5)
    assert own.span(16, 2) == 64
    assert own.views.settings.flip == 0 and own.views.settings.jitter == 0.64
    fame = build_method(*setting(micro, "srtc", FAME | {"reversal": 0}), WORLD)
    assert fame.sampling(16, 2) == Repeated(RandomClips(16, 2, 2), (0, 1, 0), 0)
    _, batch = built(micro, "srtc", FAME)
    assert torch.equal(batch.clips[:, 0], batch.clips[:, 2])
    assert not torch.equal(batch.clips[:, 0], batch.clips[:, 1])


def test_clips_that_cannot_be_cut_are_refused(micro):
    model = build_method(*setting(micro, "srtc", FAME | {"segments": 3}), WORLD)
    with pytest.raises(FameError, match=r"16 frames into 3 equal segments; set options\.segments"):
        model.sampling(16, 2)


def test_the_card_says_chance_and_cost(micro, tmp_path):
    scale, run = setting(micro, "srtc", FAME | {"segments": 4})
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    assert card["chance"] == 0.25 and card["negatives"] == "in-batch"
    assert card["clips_per_video"] == {"with_gradient": 4, "without_gradient": 0}


@pytest.mark.parametrize("change", [{"segments": 1}, {"reversal": 2}, {"theta": 0}, {"stride": 0}])
def test_wrong_options_are_refused(micro, change):
    with pytest.raises(FameError, match=next(iter(change))):
        build_method(*setting(micro, "srtc", OWN | change), WORLD)
