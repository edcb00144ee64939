"""The paper's effect at mini: FAME's encoder is better than MoCo's, and a broken FAME's is not.

On Diving48's stand-in, whose scenes tell nothing of the class.
"""

import pytest
import torch
from changed_scale import scale_with

from fame.augment import views
from fame.config.tables import Recipe
from fame.core.distributed import World
from fame.data.index import index
from fame.data.synthetic import write_world
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import Work
from fame.evaluate.features.extract import extract
from fame.evaluate.tasks.linear import probe
from fame.models.files import load_encoder
from fame.pipeline.runs import resolve
from fame.pretext import moco
from fame.pretext.toolbox.losses.contrast import contrast_in_batch
from fame.train.pretrain import pretrain

pytestmark = pytest.mark.timeout(1800)

SEED = 90
"""One of the two that mini's rate was chosen on; FAME was 46 and 59 points above MoCo on them."""

MARGIN = 25
"""Percentage points; chance is 12.5 %."""

MOCO = {"method": "moco", "backbone": "r2plus1d", "pretrain": "kinetics400"}
FAME = MOCO | {"merge": {"mask": "fame"}}
WORLD = World(0, 1, torch.device("cpu"))


@pytest.fixture(scope="module")
def scale():
    return scale_with({"datasets.kinetics400.world.val": 0})


@pytest.fixture(scope="module")
def videos(scale, tmp_path_factory):
    """The manifests of the worlds to pretrain on and to test on."""
    place = tmp_path_factory.mktemp("worlds")
    return {name: manifest(scale, name, place / name) for name in ("kinetics400", "diving48")}


def manifest(scale, name, place):
    write_world(scale.datasets[name].world, SEED, place)
    return index(name, root=place / "videos", annotations=place / "annotations", name=name)


def accuracy(scale, videos, recipe, place):
    """A linear probe's accuracy, in percent, on another world, after pretraining."""
    run = resolve(scale, Recipe(**recipe), {}, SEED)
    pretrain(scale, run, videos["kinetics400"], place, WORLD, None)
    backbone = scale.backbones[run.backbone]
    encoder = load_encoder(place / "encoder.safetensors", backbone.encoder)
    spec = ClipSpec.of(scale, backbone, scale.pretrain.views)
    work = Work(WORLD.device, 16, 0, None, progress=False)
    features = extract(encoder, videos["diving48"].labelled(), spec, work, {}, ("pretraining",))
    return probe(features["pretraining"], scale.evaluate.linear, SEED)["metrics"]["top1"]


@pytest.fixture(scope="module")
def moco_accuracy(scale, videos, tmp_path_factory):
    return accuracy(scale, videos, MOCO, tmp_path_factory.mktemp("moco"))


@pytest.fixture
def gain(scale, videos, moco_accuracy, tmp_path):
    """How far FAME, as it is when this is called, is above MoCo."""
    return lambda: accuracy(scale, videos, FAME, tmp_path / "fame") - moco_accuracy


@pytest.mark.slow
def test_fame_is_above_moco(gain):
    assert gain() > MARGIN


def inverted(mask):
    """Keeps the background, and takes the moving body from the donor."""
    return lambda clips, beta, **rest: 1 - mask(clips, beta, **rest)


@pytest.fixture
def wrong_mask(monkeypatch):
    right = views.masks.get
    monkeypatch.setattr(views.masks, "get", lambda name: inverted(right(name)))


@pytest.fixture
def wrong_donor(monkeypatch):
    """Every clip is its own donor, so nothing changes."""
    monkeypatch.setattr(views, "donors", lambda *_: torch.arange(32).numpy())


@pytest.fixture
def wrong_loss(monkeypatch):
    """The positive is the next video's key."""

    def logits(self, query, keys):
        return contrast_in_batch(query, keys.roll(1, 0), 0, self.settings.temperature)

    monkeypatch.setattr(moco.MomentumContrast, "logits", logits)


@pytest.mark.methods
@pytest.mark.parametrize("mutant", ["wrong_mask", "wrong_donor", "wrong_loss"])
def test_a_broken_fame_does_not_reach_the_margin(mutant, request, gain):
    request.getfixturevalue(mutant)
    assert gain() < MARGIN
