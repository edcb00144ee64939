"""Backgrounds: a scene type fixes palette and texture; every video has a new instance."""

from colorsys import hsv_to_rgb
from dataclasses import dataclass

import numpy as np

from fame.core.randomness import generator


@dataclass(frozen=True)
class SceneFamily:
    """Properties shared by the scene types of one family.

    Attributes:
        colours: number of colours in a palette.
        spread: range of the hues of a palette, as a share of the hue circle.
        saturation: range of the colours' saturation.
        value: range of the colours' brightness.
        stretch: width / height of the texture's blobs.
        boxes: range of the number of static objects, both ends included.
        round_boxes: whether the static objects are ellipses rather than rectangles.
    """

    colours: int
    spread: float
    saturation: tuple[float, float]
    value: tuple[float, float]
    stretch: float
    boxes: tuple[int, int]
    round_boxes: bool


FAMILIES = {
    "a": SceneFamily(3, 0.12, (0.35, 0.75), (0.3, 0.9), 1.0, (2, 4), False),
    "b": SceneFamily(4, 0.25, (0.15, 0.5), (0.2, 0.75), 3.0, (3, 6), True),
}


@dataclass(frozen=True)
class SceneType:
    """One kind of background.

    Attributes:
        family: the properties shared with other types.
        palette: (colours, 3) float32 RGB in [0, 1].
        grain: height of the texture's blobs as a share of the frame.
    """

    family: SceneFamily
    palette: np.ndarray
    grain: float


def scene_types(seed: int, family: str, number: int) -> list[SceneType]:
    """The scene types of a world; worlds with equal seed and family share them.

    Args:
        seed: the world's seed.
        family: "a" or "b".
        number: number of types; their hues are evenly spread.
    """
    return [_scene_type(seed, family, number, index) for index in range(number)]


def owned_types(seed: int, family: str, number: int, classes: int) -> list[np.ndarray]:
    """For each class, the scene types that it favours; each type belongs to exactly one class."""
    order = generator(seed, f"world/owners/{family}").permutation(number)
    return [order[index::classes] for index in range(classes)]


def _scene_type(seed: int, family: str, number: int, index: int) -> SceneType:
    rng = generator(seed, f"world/scenes/{family}", index)
    traits = FAMILIES[family]
    hues = (index + rng.uniform(0, 0.5)) / number + rng.uniform(0, traits.spread, traits.colours)
    saturations = rng.uniform(*traits.saturation, traits.colours)
    values = rng.permutation(np.linspace(*traits.value, traits.colours))
    palette = [hsv_to_rgb(*colour) for colour in zip(hues, saturations, values, strict=True)]
    return SceneType(traits, np.array(palette, dtype=np.float32), rng.uniform(0.12, 0.35))


def draw_scene(rng: np.random.Generator, scene: SceneType, size: int) -> np.ndarray:
    """A new instance of a scene type: (size, size, 3) float32 RGB in [0, 1]."""
    canvas = _palette_colours(_texture(rng, scene, size), scene.palette)
    low, high = scene.family.boxes
    for _ in range(int(rng.integers(low, high + 1))):
        _add_box(rng, canvas, scene)
    return canvas


def _texture(rng: np.random.Generator, scene: SceneType, size: int) -> np.ndarray:
    """Smooth noise of the type's grain plus a finer octave: (size, size) float32 in [0, 1]."""
    coarse = _smooth_noise(rng, scene.grain, scene.grain * scene.family.stretch, size)
    fine = _smooth_noise(rng, scene.grain / 3, scene.grain / 3, size)
    mixed = 0.75 * coarse + 0.25 * fine
    return (mixed - mixed.min()) / (mixed.max() - mixed.min())


def _smooth_noise(rng: np.random.Generator, high: float, wide: float, size: int) -> np.ndarray:
    rows, columns = (max(2, round(1 / extent)) + 1 for extent in (high, wide))
    knots = rng.random((rows, columns), dtype=np.float32)
    return _interpolation(size, rows) @ knots @ _interpolation(size, columns).T


def _interpolation(size: int, knots: int) -> np.ndarray:
    """Linear interpolation from knots to pixels, as a (size, knots) float32 matrix."""
    place = np.linspace(0, knots - 1, size, dtype=np.float32)[:, None]
    return np.maximum(0, 1 - np.abs(place - np.arange(knots, dtype=np.float32)))


def _palette_colours(share: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Values in [0, 1] as colours along the palette: (..., 3) float32."""
    knots = np.linspace(0, 1, len(palette))
    channels = [np.interp(share, knots, palette[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def _add_box(rng: np.random.Generator, canvas: np.ndarray, scene: SceneType) -> None:
    """Paint one static object, in a lighter or darker palette colour, onto the canvas."""
    size = len(canvas)
    centre, half = rng.uniform(0, size, 2), rng.uniform(0.05 * size, 0.18 * size, 2)
    colour = scene.palette[rng.integers(len(scene.palette))] * rng.uniform(0.6, 1.4)
    distance = np.abs(np.arange(size)[:, None] + 0.5 - centre) / half
    down, right = distance[:, None, 0], distance[None, :, 1]
    inside = down**2 + right**2 < 1 if scene.family.round_boxes else np.maximum(down, right) < 1
    canvas[inside] = np.clip(colour, 0, 1)
