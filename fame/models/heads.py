"""Heads: projections for pretraining, classifiers for the downstream tasks."""

from typing import Literal, assert_never

from torch import Tensor, nn
from torch.nn import functional as F

from fame.models.encoder import Encoder

ProjectionKind = Literal["mlp", "bn-mlp"]


def projection(feature_dim: int, dim: int, kind: ProjectionKind) -> nn.Sequential:
    """A two-layer projection whose hidden size is that of the feature.

    The output is not L2-normalised; the method does that.

    Shape:
        (B, feature_dim) -> (B, dim).

    Args:
        feature_dim: size of the encoder's pooled feature.
        dim: size of the projected vector (128 in the paper).
        kind: "mlp" is the official head (facts A5), Linear-ReLU-Linear; "bn-mlp" also normalises
            before each of the first Linear and the ReLU, which lets few steps suffice.
    """
    first, last = nn.Linear(feature_dim, feature_dim), nn.Linear(feature_dim, dim)
    if kind == "mlp":
        return nn.Sequential(first, nn.ReLU(inplace=True), last)
    if kind == "bn-mlp":
        before, after = nn.BatchNorm1d(feature_dim), nn.BatchNorm1d(feature_dim)
        return nn.Sequential(before, first, after, nn.ReLU(inplace=True), last)
    assert_never(kind)


class Classifier(nn.Module):
    """Encoder, dropout, Linear: the network that is finetuned (facts A6).

    Shape:
        clips (B, 3, T, H, W) -> logits (B, classes).

    Args:
        encoder: what gives the pooled feature.
        classes: number of classes.
        dropout: probability in [0, 1) that a feature is dropped in training (0.7 in the release).
    """

    def __init__(self, encoder: Encoder, classes: int, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.fc = _small_linear(encoder.feature_dim, classes)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of each clip."""
        logits: Tensor = self.fc(self.dropout(self.encoder(x)))
        return logits


class NormalisedLinear(nn.Module):
    """A linear probe on L2-normalised features of a frozen encoder (facts A7).

    Shape:
        features (B, feature_dim) -> logits (B, classes).
    """

    def __init__(self, feature_dim: int, classes: int) -> None:
        super().__init__()
        self.fc = _small_linear(feature_dim, classes)

    def forward(self, features: Tensor) -> Tensor:
        """The logits of each feature; its length does not matter."""
        logits: Tensor = self.fc(F.normalize(features, dim=1))
        return logits


def _small_linear(inputs: int, outputs: int) -> nn.Linear:
    """A Linear that starts from N(0, 0.01) and a zero bias, as the official probe does."""
    linear = nn.Linear(inputs, outputs)
    nn.init.normal_(linear.weight, std=0.01)
    nn.init.zeros_(linear.bias)
    return linear
