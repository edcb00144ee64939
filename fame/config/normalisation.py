"""Named ways to normalise an encoder's input, beyond the one it was pretrained with. No torch."""

from typing import Literal

from fame.config.scale import Scale

Colours = Literal["pretraining", "imagenet", "raw"]
"""`pretraining`: the scale's mean and std. `imagenet`: ImageNet's, which the release uses for
retrieval (facts A8). `raw`: none, as the release does for a linear probe's training clips
(facts A7)."""

Constants = tuple[tuple[float, float, float], tuple[float, float, float]]

CONSTANTS: dict[str, Constants] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "raw": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
"""Mean and standard deviation of RGB in [0, 1]."""


def needed(scale: Scale) -> tuple[Colours, ...]:
    """The normalisations that a scale's linear probe and retrieval need, without repeats."""
    wanted: list[Colours] = ["pretraining", scale.evaluate.retrieval.colours]
    if scale.evaluate.linear.train_colours == "raw":
        wanted.append("raw")
    return tuple(dict.fromkeys(wanted))
