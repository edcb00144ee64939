"""CCL: its sum, what is compared with what, and what its card says."""

import pytest
import torch
from method_runs import WORLD, built, options_of, setting

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.data.clips.sampling import RandomClips
from fame.pretext.toolbox.losses.cycle import sameness
from fame.train.pretrain import build_method, pretrain

OWN, FAME = options_of("ccl", "own"), options_of("ccl", "fame")
VIDEOS = torch.eye(2)
FRAMES = torch.tensor([[[0.8, 0.6], [1.0, 0.0]], [[0.6, 0.8], [-0.4472136, 0.8944272]]])


def test_the_sum_by_hand(micro):
    options = OWN | {"temperature": 0.5, "diversity": 2.0, "limit": 0.5}
    model = build_method(*setting(micro, "ccl", options), WORLD)
    loss, right = model.losses(VIDEOS, FRAMES)
    parts = [(0.343493 + 0.323079) / 2, (0.139730 + 0.127895) / 2, 0.692858, 2 * 0.15]
    assert loss.item() == pytest.approx(sum(parts), abs=1e-5)
    assert right == 1 and sameness(FRAMES, 0.5).item() == pytest.approx(0.15)


def compared(model, batch):
    """The videos and frames that the losses are given, clip by clip."""
    given = []
    losses = model.losses
    model.losses = lambda videos, frames: given.append((videos, frames)) or losses(videos, frames)
    loss, _ = model.loss(batch, 0)
    loss.backward()
    return given


def test_own_compares_one_clip_with_itself(micro):
    model, batch = built(micro, "ccl", OWN)
    ((videos, frames),) = compared(model, batch)
    assert videos.shape == (8, 128) and frames.shape == (8, 2, 128)
    torch.testing.assert_close(frames.norm(dim=2), torch.ones(8, 2))
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_under_fame_videos_meet_the_frames_of_the_other_clip(micro):
    model, batch = built(micro, "ccl", FAME)
    (first, second), (third, fourth) = compared(model, batch)
    assert first.shape == (8, 16) and second.shape == (8, 2, 16)
    crossed = torch.stack([fourth, second], dim=1)  # frames of the clips in order
    videos = torch.stack([first, third], dim=1)
    again = compared(built(micro, "ccl", FAME)[0], batch)
    torch.testing.assert_close(again[0][0], videos[:, 0])
    torch.testing.assert_close(again[1][1], crossed[:, 0])
    # The same clip in both slots: frames of either are then the other's, up to views.
    batch.clips[:, 1] = batch.clips[:, 0]
    model.views = model.views.sharing(crops=(0, 0), colours=(0, 0))
    (one, its), (two, their) = compared(model, batch)
    torch.testing.assert_close(one, two)
    torch.testing.assert_close(its, their)


def test_colours_are_drawn_for_each_frame_in_its_own_protocol(micro):
    own, fame = (build_method(*setting(micro, "ccl", one), WORLD) for one in (OWN, FAME))
    assert own.views.colours_by_frame and not fame.views.colours_by_frame


def test_the_projection_has_no_batchnorm(micro):
    model = build_method(
        *setting(micro, "ccl", FAME, {"pretrain.methods.moco.head": "bn-mlp"}), WORLD
    )
    heads = (*model.projection.modules(), *model.to_frames.modules())
    assert not any(isinstance(one, torch.nn.modules.batchnorm._BatchNorm) for one in heads)


def test_clips_are_the_scales_and_a_single_moment_is_refused(micro):
    model = build_method(*setting(micro, "ccl", FAME), WORLD)
    assert model.sampling(16, 5) == RandomClips(16, 5, 2) and model.span(16, 5) == 80
    with pytest.raises(
        FameError, match="of 4 frames the backbone leaves one there; raise `frames`"
    ):
        model.sampling(4, 2)


def test_the_card_says_that_it_is_a_reconstruction(micro, tmp_path):
    scale, run = setting(micro, "ccl", OWN)
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    assert card["remarks"][0].startswith("a reconstruction: no code was found")
    assert card["negatives"] == "in-batch" and card["chance"] == 1 / 8
    assert card["clips_per_video"] == {"with_gradient": 1, "without_gradient": 0}


@pytest.mark.parametrize(
    "change", [{"diversity": -1}, {"limit": 1}, {"temperature": 0}, {"dim": 0}]
)
def test_wrong_options_are_refused(micro, change):
    with pytest.raises(FameError, match=next(iter(change))):
        build_method(*setting(micro, "ccl", OWN | change), WORLD)
