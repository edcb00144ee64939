"""The normalisation that a task's features were encoded with is checked, not assumed."""

import json

import numpy as np
import pytest

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.evaluate.features.store import Features
from fame.evaluate.tasks import linear, retrieval

MINI = load_scale("mini")


def saved(folder, name, seed=0):
    """A file of features of 60 training and 12 test videos in four classes."""
    draw = np.random.default_rng(seed)
    labels = np.arange(72) % 4
    noise = 0.5 * draw.normal(size=(72, 2, 8))
    meta = {"run": "r", "data": "ucf101-w0", "dataset": "ucf101", "seed": 0, "normalisation": name}
    features = Features(
        features=(np.eye(4, 8)[labels][:, None] + noise).astype(np.float32),
        labels=labels,
        videos=np.array([f"v{i}" for i in range(72)]),
        groups=np.full(72, ""),
        splits=np.where(np.arange(72) < 60, "train", "test"),
        classes=list("abcd"),
        meta=meta,
    )
    path = folder / f"features-{name}.npz"
    features.save(path)
    return path


def scale_with(**changes):
    """Mini with other settings of one task, `linear` or `retrieval`."""
    evaluate = MINI.evaluate
    parts = {
        name: getattr(evaluate, name).model_copy(update=values) for name, values in changes.items()
    }
    return MINI.model_copy(update={"evaluate": evaluate.model_copy(update=parts)})


def test_retrieval_takes_the_normalisation_that_the_scale_names(tmp_path):
    for name, seed in (("pretraining", 0), ("imagenet", 1), ("raw", 2)):
        saved(tmp_path, name, seed)
    found = {}
    for wanted in ("pretraining", "imagenet"):
        scale, out = scale_with(retrieval={"normalisation": wanted}), tmp_path / f"{wanted}.json"
        retrieval.run(scale, tmp_path, out)
        features = Features.load(tmp_path / f"features-{wanted}.npz")
        found[wanted] = json.loads(out.read_text())["metrics"]
        assert found[wanted] == retrieval.retrieve(features, scale.evaluate.retrieval)["metrics"]
    assert found["pretraining"] != found["imagenet"]


def test_features_in_another_normalisation_than_their_name_says_are_refused(tmp_path):
    saved(tmp_path, "imagenet").rename(tmp_path / "features-pretraining.npz")
    scale, out = scale_with(retrieval={"normalisation": "pretraining"}), tmp_path / "no.json"
    with pytest.raises(FameError, match=r"features-pretraining.*'imagenet' and not 'pret"):
        retrieval.run(scale, tmp_path, out)
    assert not out.exists()


def test_the_probe_takes_raw_features_if_and_only_if_the_scale_trains_on_them(tmp_path):
    quick = {"epochs": 3, "lrs": (1.0,), "milestones": (2,)}
    normalised = scale_with(linear={**quick, "train_normalisation": "normalised"})
    slip = scale_with(linear={**quick, "train_normalisation": "raw"})
    saved(tmp_path, "pretraining")
    with pytest.raises(FameError, match=r"features-raw\.npz: no such features; extract them"):
        linear.run(slip, tmp_path, tmp_path / "no.json")
    assert not (tmp_path / "no.json").exists()
    saved(tmp_path, "raw", seed=1)
    details = []
    for scale in (normalised, slip):
        linear.run(scale, tmp_path, tmp_path / "linear.json")
        details.append(json.loads((tmp_path / "linear.json").read_text())["details"])
    assert details[0]["settings"].pop("train_normalisation") == "normalised"
    assert details[1]["settings"].pop("train_normalisation") == "raw"
    assert details[0] != details[1]
