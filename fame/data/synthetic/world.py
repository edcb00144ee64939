"""Render the videos of a mini world, each a function of (config, seed, split, number)."""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np

from fame.config.worlds import MOTIONS, WorldConfig
from fame.data.synthetic import background_motion, bodies, camera, scenes, sprites
from fame.data.synthetic.draws import Draw, draws
from fame.data.synthetic.motions import Beat, trajectory
from fame.data.synthetic.sound import soundtrack
from fame.data.video.sound import RATE

FPS = 25
"""Frames per second of every generated video."""


@dataclass(frozen=True)
class Video:
    """A rendered video with its true foreground.

    Attributes:
        frames: (T, S, S, 3) uint8 RGB.
        masks: (T, S, S) bool, true on the sprite, trunk and limb alike; all false in frames where
            a whole sprite blinks off.
        sound: (T / FPS * RATE,) int16, see `fame.data.synthetic.sound`; None if the world has none.
    """

    frames: np.ndarray
    masks: np.ndarray
    sound: np.ndarray | None = None


@dataclass(frozen=True)
class Truth:
    """A video's class and scene type: positions in MOTIONS and among the scene types."""

    motion: int
    scene: int


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
    drift = camera.pan(draw("pan"), config.pan, config.frames)
    shift = camera.jitter(draw("camera"), config.camera_jitter, config.frames) + drift
    scene = _scene_types(seed, config.scenes, config.scene_types)[meant.scene]
    pictures = _background(draw, config, scene, shift)
    sprite = sprites.draw_sprite(
        draw("sprite"), config.sprites, config.radius, config.sprite_variety
    )
    beat = beat_of(config, draw)
    path, away = trajectory(meant.motion, config.frames, beat), np.abs(drift).max(axis=0)
    parts = bodies.assemble(draw, config, sprite, path, beat.amplitude, shift, away)
    masks = bodies.paint_all(parts, pictures)
    frames = camera.develop(draw("film"), pictures, config.flicker, config.noise)
    if not config.sound:
        return Video(frames, masks)
    mover = parts[-1]  # the limb, or the whole sprite
    return Video(
        frames,
        masks,
        soundtrack(
            draw("sound"),
            path,
            1 - (mover.pose.y - shift[:, 1]) / config.size,
            mover.sprite.radius,
            config.size,
            meant.scene / config.scene_types,
            FPS,
            RATE,
        ),
    )


@lru_cache(maxsize=8)
def _scene_types(seed: int, family: str, number: int) -> list[scenes.SceneType]:
    return scenes.scene_types(seed, family, number)


def _background(
    draw: Draw, config: WorldConfig, scene: scenes.SceneType, shift: np.ndarray
) -> np.ndarray:
    """All but the body, as the camera sees it: (T, S, S, 3) float32 in [0, 1]."""
    margin = camera.MARGIN + ceil(config.pan_reach)
    canvas = scenes.draw_scene(draw("scene"), scene, config.size + 2 * margin)
    waves = draw("waves")
    if waves.random() < config.waves:
        seen = background_motion.waving(waves, canvas, config.frames, config.wave_reach)
    else:
        seen = np.broadcast_to(canvas, (config.frames, *canvas.shape))
    pictures = camera.film(seen, shift, config.size)
    camera.add_dots(draw("dots"), pictures, shift, config.dots)
    passer = draw("passer")
    if passer.random() < config.passers:
        background_motion.add_passer(passer, pictures, shift, scene.palette)
    return pictures
