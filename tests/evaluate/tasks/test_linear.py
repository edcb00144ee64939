import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.config.evaluation import Linear
from fame.core.errors import FameError
from fame.core.randomness import generator
from fame.evaluate.features.store import Features
from fame.evaluate.metrics.holdout import held_out
from fame.evaluate.tasks import linear
from fame.evaluate.tasks.linear import mean_logits, probe

SETTINGS = Linear(
    train_normalisation="normalised",
    normalise=True,
    batch=16,
    epochs=12,
    momentum=0.9,
    weight_decay=0.0,
    lrs=(1.0, 5.0),
    milestones=(6, 9),
    gamma=0.1,
    holdout=0.25,
    report="last",
)


def change(**changes):
    return SETTINGS.model_copy(update=changes)


def clusters(seed=0, classes=5, noise=0.5, train=60, test=40, clips=4, dim=8, group=""):
    """Videos around class centres; `noise` large drowns the class."""
    draw = np.random.default_rng(seed)
    count = train + test
    labels = np.arange(count) % classes
    centres = np.eye(classes, dim)
    features = centres[labels][:, None] + noise * draw.normal(size=(count, clips, dim))
    return Features(
        features=features.astype(np.float32),
        labels=labels.astype(np.int64),
        videos=np.array([f"v{i}" for i in range(count)]),
        groups=np.array([f"{group}{i // 20}" if group else "" for i in range(count)]),
        splits=np.where(np.arange(count) < train, "train", "test"),
        classes=[f"class{i}" for i in range(classes)],
        meta={},
    )


def slow_probe_scores(features, settings_, lr, seed):
    """Facts A7 in NumPy: softmax regression by SGD with momentum, one clip a video."""
    unit = features.features.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=-1, keepdims=True)
    train, test = unit[features.splits == "train"], unit[features.splits == "test"]
    labels = features.labels[features.splits == "train"]
    shape = (features.count, unit.shape[-1])
    weight = generator(seed, "probe-initialisation").normal(0, 0.01, shape)
    bias = np.zeros(features.count)
    speed_w, speed_b = np.zeros_like(weight), np.zeros_like(bias)
    for epoch in range(settings_.epochs):
        rate = lr * settings_.gamma ** sum(epoch >= mark for mark in settings_.milestones)
        order = generator(seed, "probe-order", epoch).permutation(len(train))
        picks = generator(seed, "probe-clip", epoch).integers(train.shape[1], size=len(train))
        for start in range(0, len(order), settings_.batch):
            rows = slice(start, start + settings_.batch)
            x, y = train[order[rows], picks[rows]], labels[order[rows]]
            power = np.exp(x @ weight.T + bias)
            error = power / power.sum(axis=1, keepdims=True) - np.eye(features.count)[y]
            slope_w = error.T @ x / len(x) + settings_.weight_decay * weight
            slope_b = error.mean(axis=0) + settings_.weight_decay * bias
            speed_w = settings_.momentum * speed_w + slope_w
            speed_b = settings_.momentum * speed_b + slope_b
            weight, bias = weight - rate * speed_w, bias - rate * speed_b
    return np.mean([test[:, c] @ weight.T + bias for c in range(test.shape[1])], axis=0)


@pytest.mark.parametrize("decay", [0.0, 1e-2])
def test_scores_equal_slow_oracle(decay):
    features = clusters(train=50, test=10)  # 50 is no multiple of the batch
    settings_ = change(lrs=(2.0,), weight_decay=decay)
    found = probe(features, settings_, seed=3)
    slow = slow_probe_scores(features, settings_, 2.0, 3)
    assert found["scores"] == pytest.approx(slow, abs=2e-4)
    assert found["scores"].dtype == np.float32


def test_perfect_features_give_100_percent():
    found = probe(clusters(noise=0.01), SETTINGS, seed=0)
    assert found["metrics"] == {"top1": 100.0, "top5": 100.0}
    assert set(found["details"]["per_class"].values()) == {100.0}
    assert found["details"]["chance"] == 20.0
    assert (found["predictions"] == found["labels"]).all()
    assert found["videos"].tolist() == [f"v{i}" for i in range(60, 100)]


def test_noise_is_about_chance():
    features = clusters(classes=10, dim=16, noise=0.0, train=200, test=400, clips=2)
    noise = np.random.default_rng(0).normal(size=features.features.shape).astype(np.float32)
    found = probe(dataclasses.replace(features, features=noise), SETTINGS, seed=0)
    assert found["details"]["chance"] == 10.0
    assert 5 < found["metrics"]["top1"] < 16
    assert 40 < found["metrics"]["top5"] < 60


def test_counts_and_candidates():
    details = probe(clusters(), SETTINGS, seed=0)["details"]
    assert (details["n_train"], details["n_test"], details["n_holdout"]) == (60, 40, 15)
    assert list(details["holdout"]) == ["1", "5"]
    assert details["lr"] in (1.0, 5.0)


def test_one_candidate_needs_no_holdout(monkeypatch):
    monkeypatch.setattr(linear, "held_out", lambda *_: pytest.fail("held out for nothing"))
    details = probe(clusters(), change(lrs=(5.0,)), seed=0)["details"]
    assert (details["lr"], details["holdout"], details["n_holdout"]) == (5.0, {}, 0)


@given(seed=st.integers(0, 1000))
@settings(max_examples=3)
def test_test_videos_never_choose_the_rate(seed):
    """New test labels and features leave the choice, and the layer, as they were."""
    features = clusters(seed=seed, noise=1.0)
    draw = np.random.default_rng(seed)
    test = features.splits == "test"
    labels, values = features.labels.copy(), features.features.copy()
    labels[test] = draw.integers(0, 5, test.sum())
    values[test] = draw.normal(size=values[test].shape)
    settings_ = change(lrs=(0.01, 1.0, 30.0))
    one = probe(features, settings_, seed=1)["details"]
    other = dataclasses.replace(features, labels=labels, features=values)
    two = probe(other, settings_, seed=1)["details"]
    assert (one["lr"], one["holdout"]) == (two["lr"], two["holdout"])
    relabelled = probe(dataclasses.replace(features, labels=labels), settings_, seed=1)
    assert np.array_equal(relabelled["scores"], probe(features, settings_, seed=1)["scores"])


def test_the_best_rate_on_held_out_videos_is_chosen():
    # A rate of next to nothing learns nothing; it comes first, last and in the middle.
    for lrs in ((1e-9, 5.0), (5.0, 1e-9), (1e-9, 5.0, 2e-9)):
        details = probe(clusters(), change(lrs=lrs), seed=0)["details"]
        assert details["lr"] == 5.0
        assert details["holdout"]["5"] == max(details["holdout"].values())


def test_equal_candidates_take_the_smallest_rate():
    assert probe(clusters(noise=0.0), change(lrs=(8.0, 2.0, 4.0)), seed=0)["details"]["lr"] == 2.0


def test_a_diverging_candidate_loses():
    features = clusters(noise=0.3)
    large = dataclasses.replace(features, features=features.features * 100)
    settings_ = change(normalise=False, lrs=(1e-4, 3e38), milestones=(11,), momentum=0.99)
    details = probe(large, settings_, seed=0)["details"]
    assert (details["lr"], details["holdout"]["3e+38"]) == (1e-4, 0.0)
    with pytest.raises(FameError, match="diverged"):
        probe(large, settings_.model_copy(update={"lrs": (3e38,)}), seed=0)


def test_deterministic_whatever_the_global_generators():
    torch.manual_seed(0)
    first = probe(clusters(noise=1.0), SETTINGS, seed=5)
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    second = probe(clusters(noise=1.0), SETTINGS, seed=5)
    assert np.array_equal(first["scores"], second["scores"])
    assert not np.array_equal(
        first["scores"], probe(clusters(noise=1.0), SETTINGS, seed=6)["scores"]
    )


def test_normalisation_ignores_the_length_of_each_clip():
    features = clusters(noise=1.0)
    lengths = np.random.default_rng(0).uniform(0.1, 10, features.features.shape[:2])
    scaled = features.features * lengths[..., None].astype(np.float32)
    stretched = dataclasses.replace(features, features=scaled)
    first, second = (probe(f, SETTINGS, seed=0)["scores"] for f in (features, stretched))
    assert first == pytest.approx(second, abs=1e-3)
    raw = probe(stretched, change(normalise=False, lrs=(0.1,)), seed=0)["scores"]
    same = probe(features, change(normalise=False, lrs=(0.1,)), seed=0)["scores"]
    assert raw != pytest.approx(same, abs=1e-3)


def test_scores_average_all_clips():
    layer = torch.nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(2))
    clips = torch.tensor([[[1.0, 0.0], [0.0, 4.0]]])
    assert mean_logits(layer, clips).tolist() == [[0.5, 2.0]]


def test_the_layer_is_trained_on_raw_features_but_tested_on_normalised_ones():
    """Facts A7: only the training clips are raw; the held-out ones stand for tested ones."""
    features, raw = clusters(noise=1.0), clusters(noise=1.0, seed=1)
    settings_ = change(lrs=(2.0,))
    both = probe(features, settings_, seed=0, fitted=raw)["scores"]
    train = (features.splits == "train")[:, None, None]
    mixed = np.where(train, raw.features, features.features)
    pasted = dataclasses.replace(features, features=mixed)
    assert np.array_equal(both, probe(pasted, settings_, seed=0)["scores"])
    assert not np.array_equal(both, probe(features, settings_, seed=0)["scores"])
    assert not np.array_equal(both, probe(raw, settings_, seed=0)["scores"])


def test_the_rate_is_chosen_on_clips_that_are_shown_as_in_the_test():
    features = clusters(noise=0.1)
    turned = dataclasses.replace(features, features=-features.features)
    details = probe(features, SETTINGS, seed=0, fitted=turned)["details"]
    assert max(details["holdout"].values()) < 20.0  # fitted to the opposite of what is asked


def test_two_sets_of_features_must_hold_the_same_videos():
    features = clusters()
    with pytest.raises(FameError, match="other videos"):
        probe(features, SETTINGS, seed=0, fitted=clusters(train=59))


def test_the_last_epoch_is_reported_by_default():
    details = probe(clusters(noise=1.0), SETTINGS, seed=0)
    assert (details["details"]["report"], details["details"]["epoch"]) == ("last", 12)
    assert details["details"]["last_epoch_top1"] == details["metrics"]["top1"]


def test_best_on_test_takes_the_best_of_the_epochs_that_the_release_tests():
    features = clusters(noise=2.0, train=100, test=100)
    settings_ = change(lrs=(5.0,), epochs=35, milestones=(99,), report="best-on-test")
    found = probe(features, settings_, seed=0)
    shorter = {
        epochs: probe(features, change(lrs=(5.0,), epochs=epochs, milestones=(99,)), seed=0)
        for epochs in (1, 11, 21, 31, 35)
    }
    tops = {epochs: one["metrics"]["top1"] for epochs, one in shorter.items()}
    assert len(set(tops.values())) > 1
    assert found["metrics"]["top1"] == max(tops.values())
    assert found["details"]["epoch"] == max(tops, key=lambda epochs: tops[epochs])
    assert found["details"]["last_epoch_top1"] == tops[35]
    assert np.array_equal(found["scores"], shorter[found["details"]["epoch"]]["scores"])


def test_missing_splits_and_labels():
    features = clusters()
    with pytest.raises(FameError, match="no video of split 'test'"):
        probe(dataclasses.replace(features, splits=np.full(100, "train")), SETTINGS, seed=0)
    labels = features.labels.copy()
    labels[3] = -1
    with pytest.raises(FameError, match="v3: no label"):
        probe(dataclasses.replace(features, labels=labels), SETTINGS, seed=0)


@given(seed=st.integers(0, 1000), share=st.floats(0.05, 0.5))
@settings(max_examples=25)
def test_holdout_is_stratified(seed, share):
    labels = np.random.default_rng(seed).integers(0, 5, 80)
    held = held_out(labels, np.full(80, ""), share, seed)
    counts = np.bincount(labels)
    wanted = np.maximum(np.rint(share * counts), 1)
    assert np.array_equal(np.bincount(labels[held], minlength=len(counts)), wanted)
    assert np.array_equal(held, held_out(labels, np.full(80, ""), share, seed))


@given(seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_holdout_never_splits_a_group(seed):
    draw = np.random.default_rng(seed)
    labels, groups = draw.integers(0, 4, 200), draw.integers(0, 25, 200).astype(np.str_)
    held = held_out(labels, groups, 0.2, seed)
    assert not set(groups[held]) & set(groups[~held])
    assert 0.1 < held.mean() < 0.3


def test_holdout_of_groups_within_classes():
    """UCF101's habit: each group belongs to one class, five groups of four clips each."""
    labels = np.repeat(np.arange(3), 20)
    groups = np.array([f"c{label}g{i % 5}" for i, label in enumerate(labels)])
    held = held_out(labels, groups, 0.2, 0)
    assert np.bincount(labels[held]).tolist() == [4, 4, 4]
    assert len(set(groups[held])) == 3


def test_a_group_as_much_too_large_as_nothing_is_too_small_is_held_out():
    labels, groups = np.zeros(6, dtype=np.int64), np.array(["a", "a", "b", "b", "c", "c"])
    assert held_out(labels, groups, 1 / 6, 0).sum() == 2  # the target is one


def test_some_groups_known_some_not():
    labels = np.zeros(40, dtype=np.int64)
    groups = np.array(["a"] * 10 + [""] * 30)
    held = held_out(labels, groups, 0.25, 0)
    assert held.sum() == 10
    assert held[:10].all() or not held[:10].any()


def test_holdout_depends_on_the_seed():
    labels, groups = np.arange(60) % 3, np.full(60, "")
    draws = {held_out(labels, groups, 0.2, seed).tobytes() for seed in range(5)}
    assert len(draws) == 5


def test_holdout_keeps_the_only_video_of_a_class_in_training():
    held = held_out(np.array([0, 0, 0, 0, 1]), np.full(5, ""), 0.5, 0)
    assert held.tolist()[-1] is False
    assert held.sum() == 2


def test_holdout_that_cannot_be_made():
    with pytest.raises(FameError, match="single learning rate"):
        held_out(np.zeros(10, dtype=np.int64), np.full(10, "one"), 0.2, 0)
