from dataclasses import replace

import torch
from torch.nn.functional import interpolate

from fame.data.clips.batch import Batch
from fame.pretext.toolbox.views.plain_views import PlainViews


def batch_of(count=3, slots=2, height=16, width=24):
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    picture = (10 * rows + columns).to(torch.uint8)
    clips = picture.expand(count, slots, 3, 4, height, width).clone()
    ids = torch.arange(count)
    frames = torch.zeros(count, slots, 4, dtype=torch.int64)
    sizes = torch.tensor([[height, width]] * count)
    return Batch(clips, sizes, ids, ids, ids, frames, frames[:, 0, :0])


def test_the_central_square_is_seven_eighths_of_the_short_side():
    videos = batch_of()
    view = PlainViews(14, 0, centre=True, dtype=torch.float64)(videos, 0)[1]
    assert view.shape == (3, 3, 4, 14, 14) and view.dtype == torch.float64
    expected = videos.clips[:, 1, :, :, 1:15, 5:19] / 255
    torch.testing.assert_close(view, expected.double(), rtol=0, atol=1e-6)


def test_a_placed_square_is_the_same_in_all_frames_and_differs_between_slots_and_videos():
    videos = batch_of()
    views = PlainViews(14, 0, centre=False)(videos, 0)
    for view in views:
        assert torch.equal(view, view[:, :, :1].expand_as(view))
        step = view.diff(dim=-1) * 255
        torch.testing.assert_close(step, torch.ones_like(step), rtol=0, atol=1e-3)
    corners = [(view[row, 0, 0, 0, 0] * 255).item() for view in views for row in range(3)]
    assert len({round(corner, 3) for corner in corners}) == 6
    assert min(corners) >= 0 and max(corners) <= 20 + 10


def test_views_depend_on_seed_and_epoch_only():
    videos = batch_of()
    views = PlainViews(8, 0, centre=False)
    whole = views(videos, 0)[0]
    part = Batch(*(value[1:] for value in vars(videos).values()))
    assert torch.equal(views(part, 1)[0], whole[1:])
    other = replace(videos, epochs=videos.epochs + 1)
    assert not torch.equal(views(other, 0)[0], whole)
    assert not torch.equal(PlainViews(8, 1, centre=False)(videos, 0)[0], whole)


def test_it_is_the_releases_crop_of_a_resized_frame():
    """128 x 171 and a central crop of 112, on a 4:3 frame."""
    videos = batch_of(1, 1, 240, 320)
    noise = torch.rand(8, 8, generator=torch.Generator().manual_seed(0))
    smooth = interpolate(noise[None, None], (240, 320), mode="bicubic").clamp(0, 1)
    videos.clips[:] = (255 * smooth[0, 0]).to(torch.uint8)
    ours = PlainViews(112, 0, centre=True)(videos, 0)[0][0, :, 0]
    frame = videos.clips[0, 0, :, 0].float()[None] / 255
    theirs = interpolate(frame, (128, 171), mode="bilinear")[0, :, 8:120, 30:142]
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0.04)
