"""DSM's warp: single pixels by hand, whole clips by a plain loop, and its draws."""

import numpy as np
import torch
from slow_moco import BATCH, batch

from fame.pretext.toolbox.views.warp import CENTRE, SHIFT, Warp, displacement, read_at

HUNDRED, TEN = torch.tensor([[100.0, 100.0]]), torch.tensor([[10.0, 10.0]])


def moved(x, y):
    return displacement(torch.tensor([[[[float(x), float(y)]]]]), HUNDRED, TEN)[0, 0, 0]


def test_where_pixels_read_by_hand():
    assert moved(110, 110).tolist() == [5, 5]
    assert moved(100, 100).tolist() == [1.25, 1.25]
    assert moved(120, 110).trunc().tolist() == [2, 2]
    assert moved(130, 130).trunc().tolist() == [0, 0]
    assert moved(131, 100).tolist() == moved(100, 69).tolist() == [0, 0]


def slow(picture, counts, places):
    """Warps of whole pixels of a picture (S, S), the last one first, a pixel at a time."""
    size = len(picture)
    out = np.empty_like(picture)
    for y in range(size):
        for x in range(size):
            at = np.array([x, y], float)
            for number in range(counts):
                p, d = places[number] * size
                r4 = (((at - p - d) ** 2).sum() / (d**2).sum()) ** 2
                if (np.abs(at - p) <= 3 * d).all():
                    at = at - np.trunc(0.5 / (3 * r4 + 1) * d)
            out[y, x] = picture[int(at[1]), int(at[0])]
    return out


def test_whole_clips_by_a_plain_loop():
    size = 40
    generator = torch.Generator().manual_seed(0)
    clips = torch.rand(BATCH, 3, 2, size, size, generator=generator, dtype=torch.float64)
    warp = Warp(seed=3, most=3, whole=True)
    counts, places = warp.draws(batch())
    result = warp(clips, batch())
    changed = 0
    for row in range(3):
        picture = clips[row, 1, 1].numpy()
        expected = slow(picture, int(counts[row]), places[row].numpy())
        np.testing.assert_allclose(result[row, 1, 1].numpy(), expected, atol=1e-9)
        changed += (expected != picture).sum()
    assert changed > 0


def test_reading_in_place_changes_nothing_and_half_a_pixel_is_a_mean():
    clips = torch.arange(16.0).view(1, 1, 1, 4, 4)
    line = torch.arange(4.0)
    points = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=-1)[None]
    torch.testing.assert_close(read_at(clips, points), clips)
    shifted = read_at(clips, points - torch.tensor([0.5, 0.0]))
    torch.testing.assert_close(shifted[0, 0, 0, 1], torch.tensor([4.0, 4.5, 5.5, 6.5]))


def test_all_frames_and_colours_move_alike_and_small_views_are_warped_too():
    picture = torch.rand(BATCH, 1, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    clips = picture.expand(-1, 3, 4, -1, -1)
    result = Warp(0, 3, whole=False)(clips, batch())
    torch.testing.assert_close(result, result[:, :1, :1].expand_as(result), atol=1e-5, rtol=0)
    assert ((result - clips).abs().amax(dim=(1, 2, 3, 4)) > 0.01).all()


def test_draws_are_keyed_by_the_video_and_in_their_ranges():
    warp = Warp(0, 3, whole=True)
    many = batch()
    rows = torch.arange(600)
    many = type(many)(**{**vars(many), "indices": rows, "epochs": rows % 2})
    counts, places = warp.draws(many)
    assert sorted(set(counts.tolist())) == [1, 2, 3]
    assert all(abs((counts == n).sum() - 200) < 45 for n in (1, 2, 3))
    for part, (low, high) in ((places[:, :, 0], CENTRE), (places[:, :, 1], SHIFT)):
        assert part.min() >= low and part.max() < high
        assert abs(part.mean() - (low + high) / 2) < 0.02 * (high - low)
    later = type(many)(**{**vars(many), "epochs": many.epochs + 1})
    assert not torch.equal(warp.draws(later)[1], places)
