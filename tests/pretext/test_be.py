"""Background Erasing: its two protocols against slow versions, its clips, and what it refuses."""

import numpy as np
import pytest
import torch
from slow_moco import BATCH, WORLD, Tiny, batch, info_nce, project, settings

from fame.augment.distraction import distract, frames_of, weight_of
from fame.config.reading import load_scale
from fame.config.tables import Recipe
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.core.files import read_json
from fame.core.schema import Model
from fame.data.clips.batch import collate
from fame.pipeline.runs import resolve
from fame.pretext.be import BackgroundErasing, DistractedMoCo
from fame.pretext.common import Setup
from fame.pretext.toolbox.draws.two_times import TwoTimes
from fame.train.pretrain import build_method, clips_of, pretrain

QUEUES = {"queue": {"kinetics400": 16, "ucf101": 0}, "in-batch": {"kinetics400": 0, "ucf101": 0}}
HALF = [0.5, 0.5, 0.5]
FAME = {"protocol": "fame", "strength": 0.3}
OWN = {
    "protocol": "own",
    "strength": 0.3,
    "stride": 4,
    "temperature": 0.07,
    "mean": HALF,
    "std": HALF,
}
OPTIONS = {"fame": FAME, "own": OWN}


def setting(micro, options, queue="queue", method="be", **changes):
    name = f"{method}-{options.get('protocol')}-{queue}-{len(changes)}"
    changes = {"pretrain.methods.moco.queue": QUEUES[queue]} | changes
    scale = load_scale(str(micro.scale(name, changes)))
    recipe = Recipe(method=method, backbone="r2plus1d", pretrain="kinetics400", options=options)
    return scale, resolve(scale, recipe, {}, 0)


def alone(rank=0, size=1):
    return World(rank, size, torch.device("cpu"))


def raw(scale, run, method, videos, count=8):
    """A batch of the method's own clips."""
    clips = clips_of(scale, run, videos.select("train"), method)
    return collate([clips[0, index] for index in range(count)])


# --- its own contrast


class Views:
    """Fixed views in the place of Views."""

    def __init__(self, views):
        self.views = views

    def __call__(self, *_):
        return self.views

    def with_normalisation(self, mean, std):
        return self


class FakeRun:
    method, seed, pretrain, merge = "be", 3, "k", None


def own(views, **changes):
    torch.manual_seed(0)
    sections = {"moco": settings(**changes)}
    setup = Setup(FakeRun(), sections, OWN, Tiny(), Views(views), WORLD, BATCH)
    return BackgroundErasing(setup).double()


def three_views():
    generator = torch.Generator().manual_seed(4)
    shape = (BATCH, 3, 2, 4, 4)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(3)]


@pytest.mark.parametrize("size", [16, 0])
def test_a_step_equals_the_slow_version(size):
    views = three_views()
    model = own(views, queue={"k": size}, momentum=0.9)
    queue = model.queue.keys.clone().numpy()
    with torch.no_grad():
        for parameter in model.query.parameters():
            parameter.add_(0.01)
    loss, _ = model.loss(batch(), 11)
    still = frames_of(3, batch(), 2)
    query = project(model.query, distract(views[0], weight_of(3, 11, 0.3), still))
    keys, own_negatives = project(model.key, views[1]), project(model.query, views[2])
    expected = 0.0
    for row in range(BATCH):
        others = queue if size else np.delete(keys, row, axis=0)
        negatives = np.concatenate([others, own_negatives[row : row + 1]])
        one = slice(row, row + 1)
        expected += info_nce(query[one], keys[one], negatives, 0.07) / BATCH
    assert loss.item() == pytest.approx(expected, rel=1e-9)
    # Only the clean keys are queued.
    assert model.queue.pointer.item() == (BATCH if size else 0)
    np.testing.assert_allclose(model.queue.keys[:BATCH].numpy(), keys[:size], rtol=1e-6)


def test_gradients_flow_through_query_and_own_negative_only():
    query, clean, elsewhere = (view.requires_grad_() for view in three_views())
    model = own([query, clean, elsewhere])
    model.loss(batch(), 0)[0].backward()
    assert query.grad.abs().sum() > 0 and elsewhere.grad.abs().sum() > 0
    assert clean.grad is None
    assert all(p.grad is None for p in model.key.parameters())


def test_a_clip_like_its_own_negative_is_hard():
    views = three_views()
    model = own(views, momentum=0.0)
    with torch.no_grad():
        model.queue.keys.copy_(-model.queue.keys.abs())
    calm = model.loss(batch(), 0)[0]
    views[2] = views[1]
    assert model.loss(batch(), 0)[0] > calm


# --- its clips


def test_its_own_stride_and_colours(micro):
    scale, run = setting(micro, OWN)
    method = build_method(scale, run, alone())
    assert method.sampling(4, 2) == TwoTimes(4, 4) and method.span(4, 2) == 16
    assert method.clips == 3
    own_batch = raw(scale, run, method, micro.videos())
    assert own_batch.clips.shape == (8, 3, 3, 4, 40, 40)
    assert torch.equal(own_batch.clips[:, 0], own_batch.clips[:, 1])
    assert not torch.equal(own_batch.clips[:, 0], own_batch.clips[:, 2])
    views = method.views(own_batch, 0)
    assert all(view.min() >= -1 and view.max() <= 1 for view in views)
    assert min(view.min() for view in views) < -0.3
    chosen = OWN | {"stride": 1, "mean": [0, 0, 0], "std": [1, 1, 1], "temperature": 0.5}
    scale, run = setting(micro, chosen)
    method = build_method(scale, run, alone())
    assert method.sampling(4, 2) == TwoTimes(4, 1)
    assert method.settings.temperature == 0.5
    assert all(view.min() >= 0 for view in method.views(own_batch, 0))


# --- like with like


def test_without_strength_it_is_moco(micro):
    """Bit for bit: the distraction is all that `protocol: fame` changes."""
    losses = []
    for method, options in (("be", FAME | {"strength": 0}), ("moco", {})):
        scale, run = setting(micro, options, method=method)
        model = build_method(scale, run, alone())
        own_batch = raw(scale, run, model, micro.videos())
        losses.append([model.loss(own_batch, step)[0].item() for step in range(2)])
    assert losses[0] == losses[1]


def test_it_sees_the_first_clip_distracted(micro):
    scale, run = setting(micro, FAME)
    model = build_method(scale, run, alone())
    assert isinstance(model, DistractedMoCo) and model.clips == 2
    own_batch = raw(scale, run, model, micro.videos())
    plain = build_method(*setting(micro, {}, method="moco"), alone())
    for slot, (ours, theirs) in enumerate(
        zip(model.views(own_batch, 5), plain.views(own_batch, 5), strict=True)
    ):
        assert torch.equal(ours, theirs) == (slot == 1)


# --- both


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("protocol", ["fame", "own"])
def test_a_run_ends_with_an_encoder_and_its_card(micro, tmp_path, protocol, queue):
    scale, run = setting(micro, OPTIONS[protocol], queue)
    pretrain(scale, run, micro.videos(), tmp_path, alone(), None)
    card = read_json(tmp_path / "card.json")
    assert card["protocol"] == protocol
    assert card["negatives"].startswith("queue of 16" if queue == "queue" else "in-batch")
    assert ("another time" in card["negatives"]) == (protocol == "own")
    assert np.isfinite(card["metrics"]["loss"])
    assert (tmp_path / "encoder.safetensors").is_file()


@pytest.mark.parametrize("protocol", ["fame", "own"])
def test_views_of_two_processes_are_those_of_one(micro, protocol):
    scale, run = setting(micro, OPTIONS[protocol])
    model = build_method(scale, run, alone())
    own_batch = raw(scale, run, model, micro.videos())
    whole = model.views(own_batch, 3)
    for rank in range(2):
        rows = slice(4 * rank, 4 * rank + 4)
        part = type(own_batch)(*(value[rows] for value in vars(own_batch).values()))
        views = build_method(scale, run, alone(rank, 2)).views(part, 3)
        for ours, all_of_them in zip(views, whole, strict=True):
            assert torch.equal(ours, all_of_them[rows])


def test_every_option_is_part_of_the_recipe(micro):
    options = [FAME, FAME | {"strength": 0.4}, OWN, OWN | {"stride": 2}, OWN | {"temperature": 0.1}]
    assert len({setting(micro, option)[1].id for option in options}) == len(options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "no protocol None"),
        ({"protocol": "mine"}, "no protocol 'mine'; set options.protocol to 'fame'"),
        (FAME | {"stride": 4}, "options of the method 'be': unknown key stride"),
        (OWN | {"strenth": 0.3}, "unknown key strenth; did you mean 'strength'"),
        (OWN | {"stride": 0}, "stride"),
        (OWN | {"std": [1, 0, 1]}, "std"),
        (FAME | {"strength": 1.5}, "strength"),
    ],
)
def test_options_that_it_cannot_use_are_named(micro, options, words):
    with pytest.raises(FameError, match=words):
        build_method(*setting(micro, options), alone())


@pytest.mark.parametrize(
    ("options", "name", "example"),
    [
        (FAME, "strength", "0.3"),
        *((OWN, name, str(OWN[name])) for name in OWN if name != "protocol"),
    ],
)
def test_an_option_that_is_absent_is_named_with_what_to_write(micro, options, name, example):
    less = {key: value for key, value in options.items() if key != name}
    with pytest.raises(FameError) as caught:
        build_method(*setting(micro, less), alone())
    assert (
        f"options of the method 'be': {name} is missing; write it, for example `{name}: {example}`"
        in str(caught.value)
    )


class Defaulted(Model):
    depth: int
    width: int = 3


class Nested(Model):
    inner: Defaulted


@pytest.mark.parametrize("model", [Defaulted, Nested])
def test_an_option_with_a_default_is_refused(micro, model):
    """It could change the encoder without changing the run's name."""
    setup = Setup(FakeRun(), {}, {"depth": 1}, Tiny(), Views([]), WORLD, BATCH)
    with pytest.raises(FameError, match=r"option width of .* 'be' has a default.*remove"):
        setup.read_options(model, "be")


def test_a_section_that_the_file_does_not_declare_cannot_be_read(micro, tmp_path):
    file = tmp_path / "mine.py"
    body = "from fame.pretext.moco import MoCo\n\nMETHOD = MoCo\n"
    file.write_text(body)
    scale, _ = setting(micro, {}, method="moco")
    recipe = Recipe(method=str(file), backbone="r2plus1d", pretrain="kinetics400")
    with pytest.raises(
        FameError, match=r"mine\.py' reads pretrain\.methods\.moco.*USES = \(\"moco"
    ):
        build_method(scale, resolve(scale, recipe, {}, 0), alone())
    file.write_text(f'{body}USES = ("moco",)\n')
    assert build_method(scale, resolve(scale, recipe, {}, 0), alone()).clips == 2


def test_a_method_that_needs_a_dataset_says_so(micro):
    scale, _ = setting(micro, {}, method="moco")
    run = resolve(scale, Recipe(method="moco", backbone="r2plus1d"), {}, 0)
    with pytest.raises(FameError, match="'moco' learns from videos; add `pretrain`"):
        build_method(scale, run, alone())


def test_merging_and_options_of_others_are_refused(micro):
    scale, _ = setting(micro, OWN)
    common = {"backbone": "r2plus1d", "pretrain": "kinetics400"}
    both = Recipe(method="be", merge={"mask": "fame"}, options=OWN, **common)
    with pytest.raises(FameError, match="'be' merges nothing: remove `merge`"):
        build_method(scale, resolve(scale, both, {}, 0), alone())
    odd = Recipe(method="moco", options={"protocol": "own"}, **common)
    with pytest.raises(FameError, match="options of the method 'moco': unknown key protocol"):
        build_method(scale, resolve(scale, odd, {}, 0), alone())
