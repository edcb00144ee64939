"""Bodies: a sprite that moves as a whole, or a still trunk with one moving limb.

The trunk is a plain sprite at rest; the limb is a smaller one in two colours, of which one is the
trunk's, and its motion is the class. Frame differences show the limb alone, while the foreground is
both: the situation for which FAME compares colours.

The limb's place beside the trunk must not depend on the class, since one frame shows it. As a whole
sprite's home may lie anywhere in the frame's free room, the middle of the limb's motion may lie
anywhere in a square around the trunk, and a wider motion has less room there.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fame.config.worlds import WorldConfig, limb_reach
from fame.data.synthetic.draws import Draw
from fame.data.synthetic.motions import Trajectory, reach
from fame.data.synthetic.sprites import Pose, Sprite, paint

TRUNK: dict[str, Any] = {"tilt": -np.pi / 2, "stripes": 0.0, "shift": np.pi / 2}
"""What distinguishes a trunk from a whole sprite: upright, and all of the sprite's first colour.

Stripes would flicker with every jitter of the camera, and frame differences would show the trunk
after all. A tilt or a pattern of its own would name the video in every frame: an encoder could then
match clips of a video without looking at any motion. Upright, the trunk is its own mirror image."""


@dataclass(frozen=True)
class Part:
    """A sprite and its pose in T frames."""

    sprite: Sprite
    pose: Pose


def assemble(
    draw: Draw,
    config: WorldConfig,
    sprite: Sprite,
    path: Trajectory,
    amplitude: float,
    shift: np.ndarray,
    drift: np.ndarray,
) -> list[Part]:
    """The parts of a video's body, in the order in which they are painted.

    Args:
        draw: the video's generators.
        config: the world.
        sprite: the whole body or the trunk.
        path: the class's motion, of the body or the limb.
        amplitude: of the motion, in pixels; the same draw whatever the class.
        shift: (T, 2) displacement of the picture by the camera right and down, in pixels.
        drift: (2,) largest displacement of `shift` that is not jitter; the body has that much
            less room, so that it stays inside the frame.
    """
    if draw("body").random() >= config.still_trunk:
        extent = sprite.radius * path.scale.max() + np.array(reach(path))
        return [Part(sprite, _at(_home(draw, config, extent + drift), path, shift))]
    trunk = replace(sprite, **TRUNK)
    limb = replace(sprite, radius=config.limb * sprite.radius)
    room = limb_reach(sprite.radius, amplitude)
    home = _home(draw, config, config.extent(sprite.radius, amplitude) + drift)
    aside = (room - np.array(reach(path))) * draw("limb").uniform(-1, 1, 2)
    return [
        Part(trunk, _at(home, _rest(len(shift)), shift)),
        Part(limb, _at(home + aside, path, shift)),
    ]


def paint_all(parts: list[Part], pictures: np.ndarray) -> np.ndarray:
    """Draw the parts, in place, onto pictures (T, S, S, 3) float32 in [0, 1].

    Returns:
        The body's silhouette (T, S, S) bool, the union of its parts'.
    """
    return np.logical_or.reduce([paint(part.sprite, part.pose, pictures) for part in parts])


def _home(draw: Draw, config: WorldConfig, extent: np.ndarray) -> np.ndarray:
    """A place (2,) for a body that extends so far (2,) from it, in pixels.

    `config.home` is the share of the free room that is used. A smaller motion has more room, so
    with a share of 1 the sprite's position in one frame says little about its class.
    """
    middle = config.size / 2
    return np.asarray(middle + config.home * (middle - extent) * draw("home").uniform(-1, 1, 2))


def _rest(frames: int) -> Trajectory:
    still, whole = np.zeros(frames), np.ones(frames)
    return Trajectory(x=still, y=still, scale=whole, angle=still, visible=whole)


def _at(home: np.ndarray, path: Trajectory, shift: np.ndarray) -> Pose:
    x, y = home[0] + path.x + shift[:, 0], home[1] + path.y + shift[:, 1]
    return Pose(x, y, path.scale, path.angle, path.visible)
