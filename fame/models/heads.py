"""Projection heads for pretraining."""

from typing import Literal, assert_never

from torch import nn

ProjectionKind = Literal["mlp", "bn-mlp"]


def projection(feature_dim: int, dim: int, kind: ProjectionKind) -> nn.Sequential:
    """A two-layer projection; the hidden size equals `feature_dim`.

    The output is not L2-normalised; that is left to the method.

    Shape:
        (B, feature_dim) -> (B, dim).

    Args:
        feature_dim: size of the encoder's pooled feature.
        dim: size of the projected vector (128 in the paper).
        kind: "mlp" is the official head (facts A5), Linear-ReLU-Linear; "bn-mlp" adds BatchNorm
            before the first Linear and before the ReLU, so that fewer steps suffice.
    """
    first, last = nn.Linear(feature_dim, feature_dim), nn.Linear(feature_dim, dim)
    if kind == "mlp":
        return nn.Sequential(first, nn.ReLU(inplace=True), last)
    if kind == "bn-mlp":
        before, after = nn.BatchNorm1d(feature_dim), nn.BatchNorm1d(feature_dim)
        return nn.Sequential(before, first, after, nn.ReLU(inplace=True), last)
    assert_never(kind)
