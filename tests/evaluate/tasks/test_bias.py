"""Two encoders whose answer is known by construction, through the whole procedure."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.data.manifest import COLUMNS, Manifest
from fame.data.synthetic.write import write_video
from fame.evaluate.bias.encode import Alteration, encode_conditions
from fame.evaluate.bias.scores import CONDITIONS
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import Work
from fame.evaluate.features.extract import extract
from fame.evaluate.results import read_result
from fame.evaluate.tasks.bias import ORIGINAL, probe_bias
from fame.evaluate.tasks.bias import run as bias
from fame.models.encoder import Encoder
from fame.report.figures.bias import POOLED, Source, table, write

COLOURS = [(150, 0, 0), (0, 150, 0), (0, 0, 150), (100, 100, 100)]
STEPS = [(0, 1), (0, -1), (1, 0), (-1, 0)]
SPEC = ClipSpec(2, 6, 1, 28, "short-side", (0, 0, 0), (1, 1, 1), None)
NAMES = (ORIGINAL, *CONDITIONS)


class Scene(Encoder):
    """Sees the colour of one corner, where nothing ever moves."""

    feature_dim = 3

    def maps(self, x):
        return x

    def forward(self, x):
        return x[:, :, :, :3, :3].mean((2, 3, 4))


class Motion(Encoder):
    """Sees how the white square moves, and nothing where there is none."""

    feature_dim = 2

    def maps(self, x):
        return x

    def forward(self, x):
        white = (x.amin(1) > 0.9).float()
        places = torch.arange(x.shape[-1], dtype=torch.float32)
        count = white.sum((2, 3)).clamp_min(1)
        rows = (white.sum(3) * places).sum(2) / count
        columns = (white.sum(2) * places).sum(2) / count
        return torch.stack([p.diff(dim=1).mean(1).round(decimals=1) for p in (rows, columns)], 1)


class Blind(Encoder):
    """Sees nothing."""

    feature_dim = 2

    def maps(self, x):
        return x

    def forward(self, x):
        return torch.ones(len(x), 2)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Scene and motion both tell the class: 24 training and 12 test videos of four classes."""
    root = tmp_path_factory.mktemp("world")
    for folder in ("videos", "masks"):
        (root / folder).mkdir()
    rows = []
    for number in range(36):
        label, name = number % 4, f"{number:02d}.avi"
        frames = np.empty((8, 32, 32, 3), np.uint8)
        frames[:] = COLOURS[label]
        masks = np.zeros((8, 32, 32), bool)
        for time in range(8):
            top, left = (13 + step * 2 * (time - 4) for step in STEPS[label])
            masks[time, top : top + 5, left : left + 5] = True
        frames[masks] = 255
        write_video(root / "videos" / name, frames)
        np.savez(root / "masks" / f"{name}.npz", masks=masks)
        split = "train" if number < 24 else "test"
        rows.append([f"v{number}", name, "toy", f"c{label}", None, split, 0, 8, 25.0, 32, 32, "ok"])
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return root, Manifest("toy", root / "videos", frame, [f"c{n}" for n in range(4)])


@pytest.fixture(scope="module")
def settings():
    return load_scale("mini").evaluate.linear


def extracted(encoder, world, seed=0, clips=2, spec=SPEC):
    root, manifest = world
    work = Work(torch.device("cpu"), 8, 0, None, progress=False)
    origin = {"run": "r", "data": "toy", "dataset": "toy", "seed": seed}
    alteration = Alteration(clips=clips, beta=0.5, world=root, seed=seed)
    plain = extract(encoder, manifest, spec, work, origin)
    return plain | {"bias": encode_conditions(encoder, manifest, spec, work, origin, alteration)}


def found(encoder, world, settings, seed=0):
    features = extracted(encoder, world, seed)
    return probe_bias(features["pretraining"], features["bias"], settings, seed)


def test_a_background_reader_scores_one(world, settings):
    result = found(Scene(), world, settings)
    metrics = result["metrics"]
    assert [metrics[name] for name in ("original", "background", "frozen", "shuffled")] == [100] * 4
    assert metrics["conflict"] == 0
    assert metrics["background_reliance"] == 100
    assert metrics["motion_reliance"] == 0
    assert metrics["follows_background"] == 100
    assert result["details"]["intervals"]["background_reliance"] == [1, 1]
    assert result["details"]["n_conflict"] == 12


def test_a_motion_reader_scores_nothing(world, settings):
    metrics = found(Motion(), world, settings)["metrics"]
    assert [metrics[name] for name in ("original", "foreground", "conflict")] == [100] * 3
    assert metrics["background"] == metrics["frozen"] == 25
    assert metrics["background_reliance"] == 0
    assert metrics["motion_reliance"] == 100
    assert metrics["follows_background"] == 0


def test_at_chance_the_scores_are_undefined(world, settings):
    result = found(Blind(), world, settings)
    assert result["metrics"] == dict.fromkeys(NAMES, 25)
    assert "not above chance" in result["details"]["undefined_because"]
    assert set(result["details"]["scores"].values()) == {None}


def test_logits_are_kept_for_each_video_and_condition(world, settings):
    result = found(Scene(), world, settings)
    assert result["logits"].shape == (12, 6, 4)
    labels = dict(zip(result["videos"], result["labels"], strict=True))
    assert all(
        result["labels"][donor] != labels[v]
        for v, donor in zip(result["videos"], result["donors"], strict=True)
    )


def test_the_original_is_tested_on_the_clips_that_are_altered(world, settings):
    """Features of the other clips, however strange, change nothing."""
    both = extracted(Scene(), world, clips=1, spec=dataclasses.replace(SPEC, clips=3))
    plain, altered = both["pretraining"], both["bias"]
    assert altered.meta["clips"] == [0]
    strange = plain.features.copy()
    strange[plain.rows("test"), 1:] = strange[plain.rows("test")][::-1, 1:]
    assert not np.array_equal(strange, plain.features)
    other = dataclasses.replace(plain, features=strange)
    usual, found = (probe_bias(one, altered, settings, 0) for one in (plain, other))
    assert np.array_equal(found["logits"], usual["logits"])


def test_features_of_other_encoders_and_videos_are_refused(world, settings):
    both = extracted(Scene(), world)
    plain, altered = both["pretraining"], both["bias"]
    other = dataclasses.replace(altered, meta=altered.meta | {"encoder": "another"})
    with pytest.raises(FameError, match="another encoder"):
        probe_bias(plain, other, settings, 0)
    other = dataclasses.replace(altered, videos=altered.videos[::-1])
    with pytest.raises(FameError, match="other test videos"):
        probe_bias(plain, other, settings, 0)
    other = dataclasses.replace(altered, meta=altered.meta | {"conditions": ["background"]})
    with pytest.raises(FameError, match="other conditions"):
        probe_bias(plain, other, settings, 0)
    with pytest.raises(FameError, match="other conditions"):
        probe_bias(plain, plain, settings, 0)
    other = dataclasses.replace(altered, meta=altered.meta | {"manifest": "another world"})
    with pytest.raises(FameError, match="other test videos"):
        probe_bias(plain, other, settings, 0)


def test_a_probe_that_diverges_is_no_result(world, settings):
    both = extracted(Scene(), world)
    wild = settings.model_copy(
        update={"lrs": (3e38,), "normalise": False, "milestones": (10**6,), "momentum": 0.99}
    )
    large = {name: dataclasses.replace(f, features=f.features * 1e4) for name, f in both.items()}
    with pytest.raises(FameError, match="diverged"):
        probe_bias(large["pretraining"], large["bias"], wild, 0)


@pytest.fixture(scope="module")
def kept(world, tmp_path_factory):
    """Results of two seeds of each encoder, as the workflow keeps them."""
    place, paths = tmp_path_factory.mktemp("results"), {}
    for encoder in (Scene(), Motion(), Blind()):
        for seed in (0, 1):
            name = type(encoder).__name__
            folder = place / f"{name}-{seed}"
            for kind, features in extracted(encoder, world, seed).items():
                features.save(folder / f"features-{kind}.npz")
            bias(load_scale("mini"), folder, folder / "bias.json")
            paths.setdefault(name, []).append(folder / "bias.json")
    return paths


@pytest.fixture
def files(kept, tmp_path):
    """The same, to be spoilt."""
    copies = {}
    for name, paths in kept.items():
        for path in paths:
            target = shutil.copytree(path.parent, tmp_path / path.parent.name)
            copies.setdefault(name, []).append(target / "bias.json")
    return copies


def test_the_result_and_the_scores_of_each_video(kept, world, settings):
    result = read_result(kept["Scene"][0])
    assert (result["task"], result["run"], result["details"]["foreground"]) == ("bias", "r", "true")
    assert result["metrics"]["background_reliance"] == 100
    frame = pd.read_parquet(kept["Scene"][0].with_suffix(".parquet"))
    again = found(Scene(), world, settings)
    for place, name in enumerate(NAMES):
        assert np.array_equal(np.stack(frame[name]), again["logits"][:, place])
    assert frame["video"].tolist() == again["videos"].tolist()
    assert frame["donor"].tolist() == again["videos"][again["donors"]].tolist()


def test_summary_of_several_encoders(files, tmp_path):
    scale = load_scale("mini")
    sources = [Source(name, "ucf101", tuple(paths)) for name, paths in files.items()]
    frame = table(sources, scale)
    assert len(frame) == 3 * (2 + 1)
    pooled = frame[frame["seed"] == POOLED].set_index("arm")
    assert pooled.loc["Scene", "background_reliance"] == 1
    assert pooled.loc["Motion", "motion_reliance"] == 1
    assert np.isnan(pooled.loc["Blind", "background_reliance"])
    assert "3 of 12" in pooled.loc["Blind", "undefined_because"]
    assert pooled.loc["Scene", "original_std"] == 0
    assert pooled.loc["Scene", "n_test"] == 24
    ends = pooled.loc["Scene", ["background_reliance_low", "background_reliance_high"]]
    assert ends.tolist() == [1, 1]
    assert set(frame["scale"]) == {"mini"}
    write(frame, scale, tmp_path / "bias.csv")
    assert all(
        (tmp_path / f"bias.{ending}").stat().st_size > 500 for ending in ("csv", "png", "pdf")
    )
    assert len(pd.read_csv(tmp_path / "bias.csv")) == 9


def test_a_result_of_another_task_is_refused(files):
    path = files["Scene"][0]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"task": "linear"}))
    with pytest.raises(FameError, match="linear"):
        table([Source("Scene", "ucf101", tuple(files["Scene"]))], load_scale("mini"))


def test_scores_that_are_gone_are_missed(files):
    files["Motion"][1].with_suffix(".parquet").unlink()
    with pytest.raises(FameError, match="run fame bias again"):
        table([Source("Motion", "ucf101", tuple(files["Motion"]))], load_scale("mini"))


def test_a_scale_without_bias_probes_has_no_summary():
    with pytest.raises(FameError, match="measures no background bias"):
        table([], load_scale("mini"))
