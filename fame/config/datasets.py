"""The schema of a dataset in a scale: a mini world, an official layout, or your own videos."""

import difflib
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from fame.config.layouts import DATASETS, Layout, official_splits_of
from fame.config.worlds import WorldConfig
from fame.core.registry import names
from fame.core.schema import Model, Positive, Share


class Synthetic(Model):
    """A mini world, generated anew for every seed and then read like a real dataset.

    Attributes:
        kind: `synthetic`.
        title: the dataset's name in tables and figures.
        world: what is generated.
    """

    kind: Literal["synthetic"]
    title: str
    world: WorldConfig

    @property
    def layout(self) -> str:
        """The dataset whose folders and annotations the world imitates."""
        return self.world.layout


class Verify(Model):
    """How each video is checked when a dataset is indexed; bad ones are quarantined.

    Attributes:
        frames: `all` decodes every frame; `ends` counts packets and decodes the first, the middle
            and the last frame, if the container permits (MP4, MKV ...).
        seconds: time limit for one video.
    """

    frames: Literal["all", "ends"]
    seconds: Annotated[float, Field(gt=0)]


class Prepare(Model):
    """Small copies that are read instead of a dataset's videos (see docs/data.md).

    Copies change pixels, so everything except `to` and `shards` is part of the recipe.

    Attributes:
        to: folder of the copies.
        short_side: pixels; a smaller video keeps its size.
        crf: quality, from 0 (lossless) to 51.
        keyframes: frames from one key frame to the next.
        shards: number of jobs that share the work.
    """

    to: str
    short_side: Annotated[int, Field(ge=16)]
    crf: Annotated[int, Field(ge=0, le=51)]
    keyframes: Positive
    shards: Positive

    @property
    def parts(self) -> list[str]:
        """Names of the shards: 0-of-8 to 7-of-8."""
        return [f"{shard}-of-{self.shards}" for shard in range(self.shards)]


class Folder(Model):
    """A real dataset in its official layout.

    Attributes:
        kind: a file of fame/data/datasets by its name, or a path to one (`./mine.py`).
        title: the dataset's name in tables and figures.
        root: folder of the videos; it may contain `~`, `$NAME` and `${NAME:-default}`.
        annotations: folder of the official lists, likewise; null only for datasets whose classes
            are folders, such as Kinetics-400.
        split: the official split, from 1.
        missing: how many annotated videos may be absent: none (`error`), any number (`skip`) or a
            share of them.
        tolerance: share of the videos present that may be unusable.
        verify: how each video is checked.
        prepare: small copies to read instead of the videos; null reads the videos.
    """

    kind: Layout
    title: str
    root: str
    annotations: str | None
    split: Positive
    missing: Literal["error", "skip"] | Share
    tolerance: Share
    verify: Verify
    prepare: Prepare | None

    @model_validator(mode="after")
    def _split_exists(self) -> "Folder":
        number = official_splits_of(self.kind)
        if self.split > number:
            raise ValueError(
                f"{self.kind} has no official split {self.split}; set split to "
                + (f"a number from 1 to {number}" if number > 1 else "1")
            )
        return self

    @property
    def layout(self) -> str:
        """The dataset whose layout it has: its own."""
        return self.kind


class Own(Model):
    """Your own videos: all video files below `root`.

    Attributes:
        kind: `folder`.
        title: the dataset's name in tables and figures.
        root: folder of the videos; it may contain `~`, `$NAME` and `${NAME:-default}`.
        labels: `folders` (the first folder below the root is the class), `csv` (`annotations`,
            with path and any of label, split, group) or `none` (to pretrain on only).
        annotations: the csv, or null.
        group: a regular expression that finds the group in a video's path, such as its source
            film; a group is never split. null makes each video its own group.
        val: share of each class that is held out for validation, in whole groups.
        test: likewise for tests. A split given in the csv wins.
        split_seed: seed of the random split.
        missing: how many videos of the csv may be absent: none (`error`), any number (`skip`) or a
            share of them.
        tolerance: share of the videos present that may be unusable.
        verify: how each video is checked.
        prepare: small copies to read instead of the videos; null reads the videos.
    """

    kind: Literal["folder"]
    title: str
    root: str
    labels: Literal["folders", "csv", "none"]
    annotations: str | None
    group: str | None
    val: Share
    test: Share
    split_seed: int
    missing: Literal["error", "skip"] | Share
    tolerance: Share
    verify: Verify
    prepare: Prepare | None

    @model_validator(mode="after")
    def _consistent(self) -> "Own":
        if (self.labels == "csv") != (self.annotations is not None):
            raise ValueError("annotations must name a csv if labels is csv, and be null otherwise")
        if self.labels == "none" and (self.val or self.test):
            raise ValueError("unlabelled videos can only be pretrained on: set val and test to 0")
        if self.val + self.test > 1:
            raise ValueError("val and test together exceed 1")
        try:
            re.compile(self.group or "")
        except re.error as error:
            raise ValueError(f"group is not a regular expression ({error})") from None
        return self


_OTHER_KINDS = ("synthetic", "folder")


def _known_kind(entry: Any) -> Any:
    """Refuse an entry whose kind is neither a dataset, `synthetic` nor `folder`."""
    if isinstance(entry, Model):
        return entry
    if not isinstance(entry, dict) or "kind" not in entry:
        raise ValueError("kind is missing")
    kind, choices = str(entry["kind"]), [*names(DATASETS), *_OTHER_KINDS]
    if kind not in choices and not kind.endswith(".py"):
        near = difflib.get_close_matches(kind, choices, n=1, cutoff=0.0)[0]
        raise ValueError(
            f"there is no kind {kind!r}; did you mean {near!r}? Choose one of "
            f"{', '.join(choices)}, or give the path of a .py file"
        )
    return entry


def _tag(entry: Any) -> str:
    """The tag of the model that an entry belongs to."""
    kind = entry["kind"] if isinstance(entry, dict) else entry.kind
    return kind if kind in _OTHER_KINDS else "official"


# The mapping lets `fame.config.reading` look up the model of a tag, as with a plain discriminator.
Dataset = Annotated[
    Annotated[Synthetic, Tag("synthetic")]
    | Annotated[Folder, Tag("official")]
    | Annotated[Own, Tag("folder")],
    Discriminator(_tag),
    BeforeValidator(_known_kind),
    Field(
        json_schema_extra={
            "discriminator": {
                "mapping": {
                    "synthetic": "#/$defs/Synthetic",
                    "official": "#/$defs/Folder",
                    "folder": "#/$defs/Own",
                }
            }
        }
    ),
]
