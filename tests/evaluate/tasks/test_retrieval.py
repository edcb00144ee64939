import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.retrieval import RetrievalHitRate

from fame.config.evaluation import Retrieval
from fame.core.errors import FameError
from fame.evaluate.features.store import Features
from fame.evaluate.tasks.retrieval import embed, neighbours, retrieve


def asked(centre, ranks):
    return Retrieval(normalisation="pretraining", centre=centre, ranks=ranks)


def make(train, train_labels, test, test_labels, classes=10):
    features = np.concatenate([train, test]).astype(np.float32)
    labels = np.concatenate([train_labels, test_labels]).astype(np.int64)
    videos = [f"train{i}" for i in range(len(train))] + [f"test{i}" for i in range(len(test))]
    return Features(
        features=features,
        labels=labels,
        videos=np.array(videos),
        groups=np.full(len(labels), ""),
        splits=np.array([video.rstrip("0123456789") for video in videos]),
        classes=[str(i) for i in range(classes)],
        meta={},
    )


def random_features(seed, gallery=17, queries=9, clips=3, dim=4, classes=4):
    draw = np.random.default_rng(seed)
    return make(
        draw.normal(size=(gallery, clips, dim)),
        draw.integers(0, classes, gallery),
        draw.normal(size=(queries, clips, dim)),
        draw.integers(0, classes, queries),
        classes,
    )


def test_classes_without_training_videos_are_listed():
    clips = np.ones((4, 1, 2))
    features = make(clips, [0, 0, 2, 3], clips, [0, 1, 1, 4])
    assert features.untrained == ["1", "4"]
    assert retrieve(features, asked(False, (1,)))["details"]["untrained"] == ["1", "4"]


def slow_set(clips, centre):
    """Facts A8 with loops, one video at a time."""
    videos = []
    for video in clips.astype(np.float64):
        videos.append(sum(clip / np.sqrt((clip**2).sum()) for clip in video) / len(video))
    if centre:
        mean = sum(videos) / len(videos)
        videos = [video - mean for video in videos]
    return [video / np.sqrt((video**2).sum()) for video in videos]


def slow_similarities(features, centre):
    gallery = slow_set(features.features[features.splits == "train"], centre)
    queries = slow_set(features.features[features.splits == "test"], centre)
    return np.array([[round(float(q @ g), 10) for g in gallery] for q in queries])


def slow_recall(features, centre, k):
    hits = []
    labels = features.labels[features.splits == "train"]
    asked = features.labels[features.splits == "test"]
    for similar, label in zip(slow_similarities(features, centre), asked, strict=True):
        order = sorted(range(len(similar)), key=lambda i: (-similar[i], i))
        hits.append(any(labels[i] == label for i in order[:k]))
    return 100 * sum(hits) / len(hits)


@given(seed=st.integers(0, 10**6), centre=st.booleans(), clips=st.integers(1, 4))
@settings(max_examples=25)
def test_equals_brute_force(seed, centre, clips):
    features = random_features(seed, clips=clips)
    metrics = retrieve(features, asked(centre=centre, ranks=(1, 5, 10)))["metrics"]
    slow = {f"r{k}": slow_recall(features, centre, k) for k in (1, 5, 10)}
    assert metrics == pytest.approx(slow)


@pytest.mark.parametrize("centre", [True, False])
def test_equals_torchmetrics(centre):
    features = random_features(3, gallery=40, queries=20, classes=8)
    similar = torch.from_numpy(slow_similarities(features, centre))
    same = (
        features.labels[features.splits == "train"][None]
        == (features.labels[features.splits == "test"][:, None])
    )
    indexes = torch.arange(20)[:, None].expand(20, 40)
    measured = retrieve(features, asked(centre=centre, ranks=(1, 5, 20)))["metrics"]
    for k in (1, 5, 20):
        rate = RetrievalHitRate(top_k=k)(
            similar.flatten(), torch.from_numpy(same).flatten(), indexes.flatten()
        )
        assert measured[f"r{k}"] == pytest.approx(100 * float(rate), abs=1e-4)


def test_closed_form_on_a_circle():
    degrees = np.deg2rad([0, 30, 60, 90])
    gallery = np.stack([np.cos(degrees), np.sin(degrees)], axis=1)[:, None]
    query = np.array([[[np.cos(0.2), np.sin(0.2)]]])  # 11.5 degrees: order 0, 30, 60, 90
    features = make(gallery, [0, 1, 2, 3], query, [2])
    found = retrieve(features, asked(centre=False, ranks=(1, 2, 3, 4)))
    assert found["metrics"] == {"r1": 0.0, "r2": 0.0, "r3": 100.0, "r4": 100.0}
    assert found["neighbours"].tolist() == [["train0", "train1", "train2", "train3"]]
    assert found["queries"].tolist() == ["test0"]
    assert found["cosines"][0] == pytest.approx(np.cos(degrees - 0.2))
    sizes = {"gallery": 4, "queries": 1, "clips": 1, "centre": False}
    assert found["details"] == sizes | {"untrained": []}


def test_clips_weigh_equally_whatever_their_length():
    clips = np.array([[[100.0, 0.0], [0.0, 1.0]]])
    assert embed(clips, centre=False) == pytest.approx(np.sqrt(np.array([[0.5, 0.5]])))


def test_each_set_is_centred_on_its_own_mean():
    """An offset common to one set alone (another camera, say) is taken away."""
    draw = np.random.default_rng(0)
    classes = np.arange(20) % 4
    shape = np.eye(4)[classes][:, None] + 0.01 * draw.normal(size=(20, 1, 4))
    moved = shape + np.array([0, 0, 0, 5.0])
    features = make(shape, classes, moved, classes)
    plain = retrieve(features, asked(centre=False, ranks=(1,)))["metrics"]["r1"]
    centred = retrieve(features, asked(centre=True, ranks=(1,)))["metrics"]["r1"]
    assert plain == 25.0
    assert centred > 70


def test_perfect_encoder_is_perfect_and_noise_is_chance():
    labels = np.arange(200) % 10
    perfect = np.eye(10)[labels][:, None]
    features = make(perfect, labels, perfect, labels)
    for centre in (True, False):
        assert retrieve(features, asked(centre=centre, ranks=(1,)))["metrics"]["r1"] == 100
    noise = random_features(0, gallery=400, queries=400, classes=10)
    found = retrieve(noise, asked(centre=True, ranks=(1, 5)))["metrics"]
    assert 5 < found["r1"] < 16
    assert 33 < found["r5"] < 50  # 1 - 0.9^5 = 41 %


def test_recall_grows_with_rank():
    found = retrieve(random_features(5), asked(centre=True, ranks=(1, 2, 5, 10)))["metrics"]
    assert list(found.values()) == sorted(found.values())


def test_ties_take_the_lowest_gallery_index():
    """Equal directions of other lengths differ in the last bits, and still tie."""
    draw = np.random.default_rng(1)
    direction, lengths = draw.normal(size=64), draw.uniform(0.1, 10, size=37)
    gallery = embed(direction * lengths[:, None, None], centre=False)
    gallery[0] *= -1
    assert len(np.unique(gallery[1:] @ gallery[1])) > 1
    indices, _ = neighbours(gallery[1:3], gallery, 36)
    assert indices.tolist() == [list(range(1, 37))] * 2


def test_blocks_do_not_change_neighbours(monkeypatch):
    features = random_features(2, queries=9)
    settings_ = asked(centre=True, ranks=(5,))
    whole = retrieve(features, settings_)["neighbours"]
    monkeypatch.setattr("fame.evaluate.tasks.retrieval._BLOCK", 4)
    assert np.array_equal(retrieve(features, settings_)["neighbours"], whole)


def test_rows_of_other_splits_play_no_part():
    features = random_features(7)
    splits = features.splits.copy()
    splits[:3] = "val"
    fewer = Features(**{**vars(features), "splits": splits})
    found = retrieve(fewer, asked(centre=True, ranks=(14,)))
    assert found["details"]["gallery"] == 14
    assert not {"train0", "train1", "train2"} & set(found["neighbours"].flatten())


def test_faults():
    with pytest.raises(FameError, match="18 neighbours but the gallery holds 17"):
        retrieve(random_features(0), asked(centre=True, ranks=(1, 18)))
    with pytest.raises(FameError, match="at least two videos"):
        retrieve(random_features(0, queries=1), asked(centre=True, ranks=(1,)))
    with pytest.raises(FameError, match="no video of split 'test'"):
        retrieve(random_features(0, queries=0), asked(centre=True, ranks=(1,)))


def test_needs_no_torch():
    modules = "fame.evaluate.tasks.retrieval, fame.evaluate.results, fame.evaluate.metrics.holdout"
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
