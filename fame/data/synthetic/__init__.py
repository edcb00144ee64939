"""Mini worlds: generated, labelled videos in the layouts of the real datasets.

A world separates motion from background, which FAME (Ding et al., CVPR 2022) is about: a video's
class is how its sprite, or a limb of it, moves, while the background is prominent and only loosely
correlated with the class. Worlds are written as video files, laid out and annotated like one of the
real datasets (`fame.data.datasets`), with the true foreground of every frame beside them. Both
kinds of dataset then use the same reader, pipeline and protocol.

Usage:
    write_world(config, seed=0, root=Path("mini/ucf101"))
    masks = true_masks(Path("FastSway/v_FastSway_g01_c01.avi"), Path("mini/ucf101"))
"""

from fame.config.worlds import WorldConfig
from fame.data.synthetic.world import Video, render, truth
from fame.data.synthetic.write import GENERATOR_VERSION, true_masks, write_world

__all__ = [
    "GENERATOR_VERSION",
    "Video",
    "WorldConfig",
    "render",
    "true_masks",
    "truth",
    "write_world",
]
