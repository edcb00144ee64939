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
    meta = {"run": "r", "data": "ucf101-w0", "dataset": "ucf101", "seed": 0, "colours": name}
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
    files = {name: saved(tmp_path, name) for name in ("pretraining", "imagenet", "raw")}
    for wanted in ("pretraining", "imagenet"):
        scale = scale_with(retrieval={"normalisation": wanted})
        for name, file in files.items():
            out = tmp_path / f"{wanted}-{name}.json"
            if name == wanted:
                retrieval.run(scale, file, out)
                assert "r1" in json.loads(out.read_text())["metrics"]
            else:
                with pytest.raises(FameError, match=f"'{name}'.*features-{wanted}"):
                    retrieval.run(scale, file, out)


def test_the_probe_takes_raw_features_if_and_only_if_the_scale_trains_on_them(tmp_path):
    plain, raw = saved(tmp_path, "pretraining"), saved(tmp_path, "raw", seed=1)
    quick = {"epochs": 3, "lrs": (1.0,), "milestones": (2,)}
    normalised = scale_with(linear={**quick, "train_normalisation": "normalised"})
    slip = scale_with(linear={**quick, "train_normalisation": "raw"})
    linear.run(normalised, plain, tmp_path / "plain.json")
    linear.run(slip, plain, tmp_path / "raw.json", raw)
    details = [
        json.loads((tmp_path / f"{n}.json").read_text())["details"] for n in ("plain", "raw")
    ]
    assert details[0] != details[1]
    with pytest.raises(FameError, match="needs raw features: give --raw-features"):
        linear.run(slip, plain, tmp_path / "no.json")
    with pytest.raises(FameError, match="takes no raw features: leave out --raw-features"):
        linear.run(normalised, plain, tmp_path / "no.json", raw)
    with pytest.raises(FameError, match="features-raw"):
        linear.run(slip, plain, tmp_path / "no.json", plain)
    assert not (tmp_path / "no.json").exists()
