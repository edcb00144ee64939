"""Named ways to normalise an encoder's input, beyond the one it was pretrained with. No torch."""

from typing import Literal

Normalisation = Literal["pretraining", "imagenet", "raw"]
"""`pretraining`: the scale's mean and std. `imagenet`: ImageNet's, which the release uses for
retrieval (facts A8). `raw`: none, as the release does for a linear probe's training clips
(facts A7)."""

MeanStd = tuple[tuple[float, float, float], tuple[float, float, float]]

MEAN_STD: dict[str, MeanStd] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "raw": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
"""Mean and standard deviation of RGB in [0, 1]."""
