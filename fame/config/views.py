"""Settings of a view's random augmentation. No torch."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fame.core.schema import Model, PositiveFloat, Range, Share, Strength

Colour = tuple[float, float, float]

JitterKind = Literal["torchvision", "additive"]
"""Which operations colour jitter uses; see `ViewSettings.jitter_kind`."""


class ViewSettings(Model):
    """The random augmentation of one view; the paper's values are in facts A5.

    Attributes:
        crop_scale: lowest and highest share of the frame's area that a crop takes.
        crop_aspect: lowest and highest width / height of a crop.
        flip: probability of a horizontal flip.
        gray: probability of turning grey.
        jitter: probability of colour jitter.
        jitter_kind: `torchvision` blends with black (brightness), the mean grey (contrast) and the
            grey clip (saturation); `additive` adds factor - 1 to the brightness, multiplies by the
            contrast's factor and scales HSV's saturation, as kornia did before 0.6.4.
        brightness: brightness factors are uniform in [max(0, 1 - this), 1 + this].
        contrast: likewise for contrast.
        saturation: likewise for saturation.
        hue: hue shifts are uniform in [-this, this], in turns of the hue circle.
        blur: probability of a Gaussian blur.
        blur_sigma: lowest and highest standard deviation of the blur, in pixels.
        blur_draw: `sample` draws a sigma for each clip; `process` draws one for the whole run,
            similar to a bug of the release.
        mean: subtracted from RGB in [0, 1].
        std: RGB is divided by it.
    """

    crop_scale: Range
    crop_aspect: Range
    flip: Share
    gray: Share
    jitter: Share
    jitter_kind: JitterKind
    brightness: Strength
    contrast: Strength
    saturation: Strength
    hue: Annotated[float, Field(ge=0, le=0.5)]
    blur: Share
    blur_sigma: Range
    blur_draw: Literal["sample", "process"]
    mean: Colour
    std: tuple[PositiveFloat, PositiveFloat, PositiveFloat]

    @model_validator(mode="after")
    def _ranges_rise(self) -> "ViewSettings":
        for name in ("crop_scale", "crop_aspect", "blur_sigma"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name} goes from {low} down to {high}; put the lower end first")
        return self
