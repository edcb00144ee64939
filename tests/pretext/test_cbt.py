"""CBT: its loss, its windows, and what its card says."""

import pytest
import torch
from method_runs import WORLD, built, options_of, setting
from torch.nn.functional import cross_entropy, normalize

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.pretext.toolbox.draws.windows import Windows
from fame.train.pretrain import build_method, pretrain

OWN, FAME = options_of("cbt", "own"), options_of("cbt", "fame")


def compared(model, batch):
    """The loss, its scalars, and vectors and guesses as the linear layer and transformer gave."""
    true, guess = [], []
    model.linear.register_forward_hook(lambda *call: true.append(call[-1]))
    model.context.register_forward_hook(lambda *call: guess.append(call[-1]))
    loss, scalars = model.loss(batch, 0)
    return loss, scalars, torch.stack(true, dim=1), guess[0]


@pytest.mark.parametrize(("options", "count"), [(OWN, 4), (FAME, 3)], ids=["own", "fame"])
def test_the_loss_by_plain_loops(micro, options, count):
    model, batch = built(micro, "cbt", options)
    loss, scalars, true, guess = compared(model, batch)
    assert true.shape == (8, count, 128) and guess.shape == (8, 128)
    temperature = 1.0
    if options["protocol"] == "fame":
        true, guess = normalize(true, dim=2), normalize(guess, dim=1)
        temperature = 0.1
    losses, right, found = [], 0, 0
    for video, masked in enumerate(batch.drawn[:, 0].tolist()):
        row = torch.stack([guess[video] @ one for one in true.flatten(0, 1)]) / temperature
        target = video * count + masked
        losses.append(cross_entropy(row[None], torch.tensor([target])))
        right += int(row.argmax() == target)
        found += int(row[video * count : (video + 1) * count].argmax() == masked)
    torch.testing.assert_close(loss, torch.stack(losses).mean())
    assert scalars["accuracy"] == right / 8 and scalars["within"] == found / 8
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_windows_with_the_masked_ones_frames_are_left_out(micro):
    model, batch = built(micro, "cbt", FAME | {"dropout": 0.0})
    whole, *_ = compared(model, batch)
    batch.drawn[:] = 0
    batch.frames[:, 2] = batch.frames[:, 0]
    batch.clips[:, 2] = batch.clips[:, 0]
    model, _ = built(micro, "cbt", FAME | {"dropout": 0.0})
    loss, _, true, guess = compared(model, batch)
    logits = torch.einsum("id,jwd->ijw", normalize(guess, dim=1), normalize(true, dim=2)) / 0.1
    torch.testing.assert_close(true[:, 2], true[:, 0])
    for video in range(8):
        logits[video, video, 2] = -torch.inf
    expected = cross_entropy(logits.flatten(1), 3 * torch.arange(8))
    torch.testing.assert_close(loss, expected)
    assert not torch.isclose(loss, whole)


def test_all_windows_of_a_video_share_crop_and_colours(micro):
    model, batch = built(micro, "cbt", OWN)
    batch.clips[:] = batch.clips[:, :1]
    first, *others = model.views(batch, 0)
    assert len(others) == 3 and all(torch.equal(first, view) for view in others)


def test_windows_chance_and_cost(micro):
    model = build_method(*setting(micro, "cbt", OWN), WORLD)
    assert model.sampling(16, 7) == Windows(16, OWN["stride"], 4)
    assert model.span(16, 7) == 4 * 16 * OWN["stride"]
    assert model.chance(8) == 1 / 32 and model.cost() == (4, 0)


def test_dropout_is_keyed_and_of_training_only(micro):
    model, batch = built(micro, "cbt", OWN | {"dropout": 0.5})
    vectors = torch.zeros(8, 4, 128)
    keep = model._keep(batch, vectors)
    assert set(keep.flatten().tolist()) == {0.0, 2.0}
    assert torch.equal(keep, model._keep(batch, vectors))
    model.eval()
    assert (model._keep(batch, vectors) == 1).all()


def test_the_card_says_that_it_is_a_reconstruction(micro, tmp_path):
    scale, run = setting(micro, "cbt", FAME)
    pretrain(scale, run, micro.videos(), tmp_path, WORLD, None)
    card = read_json(tmp_path / "card.json")
    assert card["remarks"][0].startswith("a reconstruction, of the visual part only")
    assert card["clips_per_video"] == {"with_gradient": 3, "without_gradient": 0}
    assert card["negatives"] == "in-batch" and card["chance"] == 1 / 24


@pytest.mark.parametrize("change", [{"windows": 1}, {"heads": 3}, {"layers": 0}, {"dropout": 1}])
def test_wrong_options_are_refused(micro, change):
    with pytest.raises(FameError, match=next(iter(change))):
        build_method(*setting(micro, "cbt", OWN | change), WORLD)
