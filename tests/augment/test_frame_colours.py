"""Colours drawn for each frame alone."""

import torch
from random_batch import COLOURFUL, batch, cut

from fame.augment.frame_colours import colour_frames
from fame.augment.photometric import photometric
from fame.augment.view_draws import draw


def test_each_frame_is_coloured_as_a_clip_of_one_frame():
    clips, whole = cut(0)[0], batch()
    coloured = colour_frames(clips, COLOURFUL, 5, "view0", whole)
    keys = (whole.epochs, whole.indices, whole.sizes)
    for t in range(clips.shape[2]):
        chosen = draw(COLOURFUL, 5, f"view0 frame{t}", *keys)
        expected = photometric(clips[:, :, t : t + 1], chosen, "torchvision")
        torch.testing.assert_close(coloured[:, :, t : t + 1], expected)


def test_equal_frames_become_unequal_and_nothing_is_changed_in_place():
    clips = cut(0)[0][:, :, :1].repeat(1, 1, 6, 1, 1)
    before = clips.clone()
    coloured = colour_frames(clips, COLOURFUL, 5, "view0", batch())
    assert torch.equal(clips, before)
    changes = (coloured[:, :, :-1] != coloured[:, :, 1:]).any(dim=1).any(dim=-1).any(dim=-1)
    assert changes.float().mean() > 0.9  # a pair of frames may both be left alone
