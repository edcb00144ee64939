"""Render the videos of a mini world, each a function of (config, seed, split, number)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from fame.config.worlds import MOTIONS, WorldConfig
from fame.core.randomness import generator
from fame.data.synthetic import camera, scenes, sprites
from fame.data.synthetic.motions import Beat, Trajectory, reach, trajectory

MARGIN = 3
"""Pixels of background beyond each edge of the frame; the camera shifts one pixel less."""

Draw = Callable[[str], np.random.Generator]


@dataclass(frozen=True)
class Video:
    """A rendered video with its true foreground.

    Attributes:
        frames: (T, S, S, 3) uint8 RGB.
        masks: (T, S, S) bool, true on the sprite; all false in frames where it blinks off.
    """

    frames: np.ndarray
    masks: np.ndarray


@dataclass(frozen=True)
class Truth:
    """A video's class and scene type: positions in MOTIONS and among the scene types."""

    motion: int
    scene: int


def draws(config: WorldConfig, seed: int, split: str, video: int) -> Draw:
    """The random generators of one video, by purpose ("sprite", "camera", ...)."""
    place = f"world/{Path(config.layout).stem}/{split}"  # not a plug-in's path, which may change
    return lambda purpose: generator(seed, f"{place}/{purpose}", config.seed, video)


def truth(config: WorldConfig, seed: int, split: str, video: int) -> Truth:
    """The class and the scene type of a video, without rendering it.

    Each block of len(MOTIONS) videos contains every class once. With probability
    `config.scene_bias` the scene type is one of the class's own, otherwise any.
    """
    block, place = divmod(video, len(MOTIONS))
    motion = int(draws(config, seed, split, block)("class").permutation(len(MOTIONS))[place])
    rng = draws(config, seed, split, video)("scene type")
    owned = scenes.owned_types(seed, config.scenes, config.scene_types, len(MOTIONS))[motion]
    tied = rng.random() < config.scene_bias
    scene = int(rng.choice(owned) if tied else rng.integers(config.scene_types))
    return Truth(motion, scene)


def beat_of(config: WorldConfig, draw: Draw) -> Beat:
    """Timing and extent of the motion in a video, from the video's generators."""
    rng = draw("motion")
    return Beat(
        period=rng.uniform(*config.period),
        amplitude=rng.uniform(*config.amplitude),
        phase=rng.uniform(0, 2 * np.pi),
        direction=int(rng.choice((-1, 1))),
    )


def render(config: WorldConfig, seed: int, split: str, video: int) -> Video:
    """Render one video.

    Args:
        config: the world.
        seed: the world's seed.
        split: "train", "val", "test" or "unused".
        video: its number within the split, from 0; how many videos follow changes nothing.
    """
    draw, meant = draws(config, seed, split, video), truth(config, seed, split, video)
    shift = _jitter(draw("camera"), config)
    scene = _scene_types(seed, config.scenes, config.scene_types)[meant.scene]
    canvas = scenes.draw_scene(draw("scene"), scene, config.size + 2 * MARGIN)
    pictures = camera.film(canvas, shift, config.size)
    camera.add_dots(draw("dots"), pictures, shift, config.dots)
    sprite = sprites.draw_sprite(
        draw("sprite"), config.sprites, config.radius, config.sprite_variety
    )
    path = trajectory(meant.motion, config.frames, beat_of(config, draw))
    pose = _pose(draw("home"), config, sprite.radius, path, shift)
    masks = sprites.paint(sprite, pose, pictures)
    frames = camera.develop(draw("film"), pictures, config.flicker, config.noise)
    return Video(frames, masks)


@lru_cache(maxsize=8)
def _scene_types(seed: int, family: str, number: int) -> list[scenes.SceneType]:
    return scenes.scene_types(seed, family, number)


def _jitter(rng: np.random.Generator, config: WorldConfig) -> np.ndarray:
    shift = config.camera_jitter * rng.standard_normal((config.frames, 2))
    return np.clip(shift, 1 - MARGIN, MARGIN - 1)


def _pose(
    rng: np.random.Generator,
    config: WorldConfig,
    radius: float,
    path: Trajectory,
    shift: np.ndarray,
) -> sprites.Pose:
    """Place the path so that all of it stays inside the frame.

    `config.home` is the share of the free room that is used. A smaller motion has more room, so
    with a share of 1 the sprite's position in one frame says little about its class.
    """
    middle = config.size / 2
    room = middle - radius * path.scale.max() - np.array(reach(path))
    home = middle + config.home * room * rng.uniform(-1, 1, 2)
    x, y = home[0] + path.x + shift[:, 0], home[1] + path.y + shift[:, 1]
    return sprites.Pose(x, y, path.scale, path.angle, path.visible)
