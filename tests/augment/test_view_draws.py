"""The keyed draws behind views, and whole views made by them."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from paper_views import PAPER, draws_of, paper, random_bytes
from pydantic import ValidationError

from fame.augment.crop import crop_resize_flip
from fame.augment.photometric import photometric
from fame.augment.view_draws import ViewDraws, draw
from fame.config.views import ViewSettings

# Draws


def same(one, other):
    return all(torch.equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(ViewDraws))


def rows(draws, chosen):
    return ViewDraws(**{f.name: getattr(draws, f.name)[chosen] for f in fields(ViewDraws)})


def test_a_samples_draws_do_not_depend_on_its_batch():
    epochs, indices = np.array([0, 0, 1, 5]), np.array([3, 9, 3, 0])
    sizes = np.array([[40, 60], [50, 30], [40, 60], [64, 64]])
    together = draw(paper(), 4, "view1", epochs, indices, sizes)
    order = np.array([2, 0, 3, 1])
    shuffled = draw(paper(), 4, "view1", epochs[order], indices[order], sizes[order])
    assert same(shuffled, rows(together, torch.from_numpy(order)))
    tensors = map(torch.from_numpy, (epochs, indices, sizes))
    assert same(draw(paper(), 4, "view1", *tensors), together)


def test_seed_purpose_epoch_and_sample_all_count():
    sizes = [[40, 60]]
    draws = [
        draw(paper(), seed, purpose, [epoch], [index], sizes)
        for seed in (0, 1)
        for purpose in ("view0", "view1")
        for epoch in (0, 1)
        for index in (0, 1)
    ]
    assert len({float(one.sigma) for one in draws}) == 16
    assert len({tuple(one.factors[0].tolist()) for one in draws}) == 16


def test_draws_have_the_stated_distributions():
    draws = draws_of(2000)
    for name, chance in (("flip", 0.5), ("gray", 0.2), ("jitter", 0.8), ("blur", 0.5)):
        assert abs(getattr(draws, name).double().mean() - chance) < 0.05
    low = torch.tensor([0.6, 0.6, 0.6, -0.1])
    high = torch.tensor([1.4, 1.4, 1.4, 0.1])
    assert (draws.factors >= low).all()
    assert (draws.factors <= high).all()
    assert (draws.factors.mean(0) - (low + high) / 2).abs().max() < 0.03
    assert (draws.order.sort(1).values == torch.arange(4)).all()
    assert len(draws.order.unique(dim=0)) == 24
    assert 0.1 <= draws.sigma.min() < 0.2
    assert 1.9 < draws.sigma.max() <= 2.0
    share = draws.boxes[:, 2:].prod(1) / (40 * 60)
    assert share.min() > 0.18
    assert 0.85 < share.max() <= 1


def test_strong_jitter_never_inverts():
    assert draws_of(200, brightness=3.0).factors[:, 0].min() >= 0


def test_one_sigma_for_a_whole_run_if_asked():
    first = draws_of(5, blur_draw="process")
    other = draw(paper(blur_draw="process"), 0, "view1", [7], [3], [[40, 60]])
    assert len(torch.cat([first.sigma, other.sigma]).unique()) == 1
    assert len(draws_of(5).sigma.unique()) == 5
    assert draw(paper(blur_draw="process"), 1, "view1", [7], [3], [[40, 60]]).sigma != other.sigma


def test_a_clip_does_not_depend_on_its_batch():
    clips = random_bytes(6, 3, 2, 40, 60)
    draws = draws_of(6)
    together = photometric(
        crop_resize_flip(clips, draws.boxes, draws.flip, 16), draws, "torchvision"
    )
    for sample in range(6):
        mine = slice(sample, sample + 1)
        alone = rows(draws, mine)
        view = photometric(
            crop_resize_flip(clips[mine], alone.boxes, alone.flip, 16), alone, "torchvision"
        )
        torch.testing.assert_close(view, together[mine], rtol=0, atol=1e-6)


def test_real_clips_become_views(shared):
    clips = torch.from_numpy(np.load(shared / "golden" / "fame_masks_112.npz")["clips"][:3])
    draws = draw(paper(), 0, "view0", [0] * 3, range(3), [[112, 112]] * 3)
    view = photometric(
        crop_resize_flip(clips, draws.boxes, replace(draws).flip, 32), draws, "torchvision"
    )
    assert view.shape == (3, 3, 16, 32, 32)
    assert view.min() >= 0
    assert view.max() <= 1
    assert view.std() > 0.05


@pytest.mark.parametrize(
    "change",
    [
        {"flip": 1.5},
        {"hue": 0.6},
        {"crop_scale": (1.0, 0.2)},
        {"std": (0.0, 1.0, 1.0)},
        {"blur_draw": "run"},
        {"unknown": 1},
    ],
)
def test_bad_settings_are_refused(change):
    with pytest.raises(ValidationError):
        paper(**change)


def test_no_setting_has_a_default():
    for name in PAPER:
        with pytest.raises(ValidationError, match=name):
            ViewSettings(**{key: value for key, value in PAPER.items() if key != name})
