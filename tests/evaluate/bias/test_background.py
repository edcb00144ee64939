import numpy as np
import pytest
import torch

from fame.evaluate.bias.background import GREY, MARGIN, erase, grow, plate, widen


def moving_square(frames=9, size=16, side=3):
    """A textured still scene with a white square that crosses it: clips, masks, scene."""
    draw = torch.Generator().manual_seed(0)
    scene = torch.rand(3, size, size, generator=draw) * 0.5
    clips = scene[:, None].repeat(1, frames, 1, 1)
    masks = torch.zeros(frames, size, size, dtype=torch.bool)
    for frame in range(frames):
        masks[frame, 6 : 6 + side, frame : frame + side] = True
        clips[:, frame, masks[frame]] = 1.0
    return clips[None, None], masks[None, None], scene


def slow_plate(frames, masks):
    """Pixel by pixel: the lower median over the frames in which it is background."""
    result = np.full(frames.shape[1:], np.nan)
    for row in range(frames.shape[2]):
        for column in range(frames.shape[3]):
            seen = np.sort(frames[~masks[:, row, column], :, row, column], axis=0)
            if len(seen):
                result[:, row, column] = seen[(len(seen) - 1) // 2]
    return result


def test_plate_equals_a_median_pixel_by_pixel():
    draw = np.random.default_rng(0)
    frames, masks = draw.random((6, 3, 5, 7)).astype(np.float32), draw.random((6, 5, 7)) < 0.6
    found = plate(torch.from_numpy(frames), torch.from_numpy(masks)).numpy()
    slow = slow_plate(frames, masks)
    known = ~np.isnan(slow)
    assert known.mean() > 0.5
    np.testing.assert_allclose(found[known], slow[known], atol=1e-7)


def test_a_moving_thing_vanishes():
    clips, masks, scene = moving_square()
    behind = erase(clips, masks)
    grown = widen(masks[0, 0])
    hidden_always = grown.all(0)
    assert not hidden_always.any()
    torch.testing.assert_close(behind[0, 0], scene[:, None].expand(-1, 9, -1, -1))


def test_background_pixels_keep_their_frames():
    clips, masks, _ = moving_square()
    noise = torch.rand(clips.shape, generator=torch.Generator().manual_seed(1))
    clips = (clips + 0.1 * noise).clamp(0, 1)
    behind = erase(clips, masks)
    far = ~widen(masks)
    kept = far[:, :, None].expand_as(clips)
    assert torch.equal(behind[kept], clips[kept])
    assert not torch.equal(behind, clips)


def test_clips_of_a_video_serve_each_other():
    """What is hidden throughout one clip is seen in the other."""
    first, second = torch.full((3, 2, 12, 12), 0.2), torch.full((3, 2, 12, 12), 0.2)
    masks = torch.zeros(1, 2, 2, 12, 12, dtype=torch.bool)
    first[:, :, 5, 5] = 1
    masks[0, 0, :, 5, 5] = True
    second[:, :, 1:10, 1:10] = 0.3
    behind = erase(torch.stack([first, second])[None], masks)
    assert behind[0, 0, :, :, 5, 5].eq(0.3).all()


def test_pixels_never_seen_grow_from_their_neighbours():
    picture = torch.zeros(3, 7, 7)
    picture[:, :, 0] = 0.4
    known = torch.zeros(7, 7, dtype=torch.bool)
    known[:, 0] = True
    assert torch.allclose(grow(picture, known), torch.full((3, 7, 7), 0.4))


def test_nothing_known_is_grey():
    frames = torch.rand(4, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    masks = torch.ones(4, 5, 5, dtype=torch.bool)
    assert plate(frames, masks).eq(GREY).all()


@pytest.mark.parametrize("place", [(0, 0), (4, 7)])
def test_widen_grows_by_the_margin_and_stays_in_the_frame(place):
    masks = torch.zeros(2, 9, 12, dtype=torch.bool)
    masks[1, place[0], place[1]] = True
    rows, columns = np.mgrid[:9, :12]
    near = np.maximum(abs(rows - place[0]), abs(columns - place[1])) <= MARGIN
    assert not widen(masks)[0].any()
    assert np.array_equal(widen(masks)[1].numpy(), near)
