"""The schema of a mini world; every value comes from the scale file."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fame.config.layouts import SPLITS, Layout, splits_of
from fame.core.schema import Count, Model, Range, Share, Strength

MOTIONS: tuple[tuple[str, str], ...] = (
    ("slow", "sway"),
    ("fast", "sway"),
    ("slow", "bounce"),
    ("fast", "bounce"),
    ("wide", "circle"),
    ("steady", "pulse"),
    ("steady", "spin"),
    ("steady", "blink"),
)
"""The classes, as two words each; a layout joins them in its dataset's style."""

PULSE = 0.35
"""Relative change in size of the pulsating class."""

Family = Literal["a", "b"]


class WorldConfig(Model):
    """A generated dataset in the layout of a real one.

    Lengths are pixels, times are frames, and strengths of brightness are shares of the full
    range. A pair is the closed range of a uniform draw.

    Raises:
        pydantic.ValidationError: a missing or unknown field, a split that the layout does not
            have, a reversed range, or a sprite that would leave the frame.
    """

    layout: Layout = Field(description="dataset whose folders and annotations are copied")
    scenes: Family = Field(description="family of backgrounds")
    sprites: Family = Field(description="family of moving objects")
    train: Count = Field(description="training videos")
    val: Count = Field(description="videos for the training monitor")
    test: Count = Field(description="test videos")
    unused: Count = Field(description="videos that the split leaves out")
    frames: Annotated[int, Field(ge=2)] = Field(description="frames of every video")
    size: Annotated[int, Field(ge=16)] = Field(description="height and width of a frame")
    scene_types: Annotated[int, Field(ge=len(MOTIONS))] = Field(description="kinds of background")
    scene_bias: Share = Field(description="probability that the class chooses the scene type")
    period: Range = Field(description="frames of one slow cycle; fast classes take half of it")
    amplitude: Range = Field(description="reach of the moving classes")
    radius: Range = Field(description="half the sprite's longest extent")
    sprite_variety: Share = Field(description="how much sprites of a family differ in colour")
    home: Share = Field(
        description="share of the free space that the sprite's home position may use"
    )
    camera_jitter: Strength = Field(description="standard deviation of the camera per frame")
    flicker: Strength = Field(description="standard deviation of a frame's brightness")
    noise: Strength = Field(description="standard deviation of a pixel's brightness")
    dots: Count = Field(description="small distractors that drift through every video")
    seed: Count = Field(description="stream: another value gives other videos of the same world")

    @model_validator(mode="after")
    def _splits_exist(self) -> Self:
        for split in SPLITS:
            if self.videos(split) and split not in splits_of(self.layout):
                raise ValueError(f"a {self.layout} world has no {split} videos: set {split} to 0")
        return self

    @model_validator(mode="after")
    def _sprite_fits(self) -> Self:
        for name in ("period", "amplitude", "radius"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name} must be [low, high], not [{low}, {high}]")
        reach = max(self.amplitude[1] + self.radius[1], self.radius[1] * (1 + PULSE))
        if reach > self.size / 2:
            raise ValueError(f"a sprite that reaches {reach:g} px leaves a frame of {self.size} px")
        return self

    def videos(self, split: str) -> int:
        """The number of videos of a split ("train", "val", "test" or "unused")."""
        return int(getattr(self, split))
