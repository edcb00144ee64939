import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.core.errors import FameError
from fame.evaluate.metrics.knn import leave_one_out


def slow_leave_one_out(features, labels, k):
    """Row by row, ties spelt out as a sort key."""
    hits = 0
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    for row in range(len(unit)):
        others = [i for i in range(len(unit)) if i != row]
        others.sort(key=lambda i: (-round(float(unit[row] @ unit[i]), 10), i))
        votes = {}
        for rank, other in enumerate(others[:k]):
            count, ranks = votes.get(int(labels[other]), (0, 0))
            votes[int(labels[other])] = (count + 1, ranks + rank)
        winner = min(votes, key=lambda c: (-votes[c][0], votes[c][1], c))
        hits += winner == labels[row]
    return 100 * hits / len(unit)


def test_separate_classes_are_all_right():
    features = torch.eye(3).repeat_interleave(4, dim=0)
    assert leave_one_out(features, torch.arange(3).repeat_interleave(4), 3) == 100.0


def test_a_video_never_votes_for_itself():
    # Each video's only near neighbour is of the other class.
    features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert leave_one_out(features, torch.tensor([0, 1, 0, 1]), 1) == 0.0


def test_tied_votes_go_to_the_nearer_class():
    features = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.5, 0.5], [-1.0, 0.0], [-1.0, 0.1]])
    # Video 0 sees class 1 (near) and class 0: one vote each, so it is called 1.
    labels = torch.tensor([1, 1, 0, 2, 2])
    assert leave_one_out(features, labels, 2) == slow_leave_one_out(
        features.numpy(), labels.numpy(), 2
    )
    assert leave_one_out(features[:3], labels[:3], 2) == pytest.approx(100 * 2 / 3)


@given(seed=st.integers(0, 10**6), n=st.integers(3, 25), k=st.integers(1, 8))
@settings(max_examples=40)
def test_equals_slow_oracle(seed, n, k):
    draw = np.random.default_rng(seed)
    # Few distinct values make many exact ties.
    features = draw.integers(1, 4, size=(n, 2)).astype(np.float64)
    labels = draw.integers(0, 3, size=n)
    k = min(k, n - 1)
    measured = leave_one_out(torch.from_numpy(features), torch.from_numpy(labels), k)
    assert measured == pytest.approx(slow_leave_one_out(features, labels, k))


@given(seed=st.integers(0, 10**6), scale=st.floats(1e-3, 1e3))
@settings(max_examples=15)
def test_length_of_features_does_not_matter(seed, scale):
    draw = np.random.default_rng(seed)
    features = torch.from_numpy(draw.normal(size=(20, 5)))
    labels = torch.from_numpy(draw.integers(0, 4, size=20))
    assert leave_one_out(features * scale, labels, 3) == leave_one_out(features, labels, 3)


def test_noise_is_about_chance():
    draw = np.random.default_rng(0)
    features = torch.from_numpy(draw.normal(size=(600, 8)))
    labels = torch.from_numpy(draw.integers(0, 10, size=600))
    assert 5 < leave_one_out(features, labels, 5) < 16


def test_faults():
    features, labels = torch.ones(4, 2), torch.zeros(4, dtype=torch.int64)
    with pytest.raises(FameError, match="4 neighbours needs more videos than 4"):
        leave_one_out(features, labels, 4)
    with pytest.raises(FameError, match="label"):
        leave_one_out(features, labels - 1, 2)
    features[0, 0] = torch.nan
    with pytest.raises(FameError, match="NaN"):
        leave_one_out(features, labels, 2)
