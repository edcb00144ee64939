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

LIMB_ROOM = 1.0
"""How far a limb's centre may be from the trunk's along each axis, in the trunk's radii."""

Family = Literal["a", "b"]


def limb_reach(radius: float, amplitude: float) -> float:
    """How far a limb's centre may be from its trunk's along each axis, in pixels.

    Args:
        radius: the trunk's, in pixels.
        amplitude: of the limb's motion, in pixels.
    """
    return max(LIMB_ROOM * radius, amplitude)


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
    still_trunk: Share = Field(
        description="probability that the sprite stays still and only a limb of it moves"
    )
    limb: Share = Field(description="size of that limb relative to the sprite")
    pan: Strength = Field(description="highest speed of the camera's pan, in pixels per frame")
    waves: Share = Field(description="probability that part of the scene waves")
    wave_reach: Strength = Field(description="largest displacement by the waving")
    passers: Share = Field(description="probability that someone passes by behind the sprite")
    camera_jitter: Strength = Field(description="standard deviation of the camera per frame")
    flicker: Strength = Field(description="standard deviation of a frame's brightness")
    noise: Strength = Field(description="standard deviation of a pixel's brightness")
    dots: Count = Field(description="small distractors that drift through every video")
    sound: bool = Field(
        description="whether videos have a sound stream that follows the motion; it changes no "
        "frame, so the ids of runs that hear nothing do not depend on it",
    )
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
        radius, amplitude = self.radius[1], self.amplitude[1]
        reach = max(amplitude + radius, radius * (1 + PULSE))
        if self.still_trunk:
            reach = max(reach, self.extent(radius, amplitude))
        reach += self.pan_reach
        if reach > self.size / 2:
            raise ValueError(f"a sprite that reaches {reach:g} px leaves a frame of {self.size} px")
        return self

    @model_validator(mode="after")
    def _shares_have_their_sizes(self) -> Self:
        for share, size in (("still_trunk", "limb"), ("waves", "wave_reach")):
            if getattr(self, share) and not getattr(self, size):
                raise ValueError(f"{share} is above 0, so {size} must be: set it, or {share} to 0")
        return self

    @property
    def pan_reach(self) -> float:
        """The largest displacement by the pan, which passes its middle halfway, in pixels."""
        return self.pan * (self.frames - 1) / 2

    def extent(self, radius: float, amplitude: float) -> float:
        """How far a trunk and its limb reach from the trunk's centre along an axis, in pixels.

        Args:
            radius: the trunk's, in pixels.
            amplitude: of the limb's motion, in pixels.
        """
        return limb_reach(radius, amplitude) + self.limb * radius * (1 + PULSE)

    def videos(self, split: str) -> int:
        """The number of videos of a split ("train", "val", "test" or "unused")."""
        return int(getattr(self, split))
