"""One video of a world, as the annotations need to know it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A written video.

    Attributes:
        path: relative to `videos/`, with forward slashes.
        split: "train", "val", "test" or "unused".
        class_name: as the layout spells it.
        scene: its scene type.
        frames: of the whole file.
    """

    path: str
    split: str
    class_name: str
    scene: int
    frames: int
