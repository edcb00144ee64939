"""The sound of a generated video: a tone that follows the motion, a click at each turn, noise.

Pitch follows the moving part's height and loudness its speed, whatever it looks like; the tone is
silent while a sprite blinks off. A click sounds where the motion turns back, in space or in size,
and where a sprite appears or disappears. It starts at once and fades, so that sound played
backwards is another sound. The noise is the scene's: its colour depends on the type of scene, and
it is 10 dB below the tone at its loudest.
"""

import numpy as np
import numpy.typing as npt

from fame.data.synthetic.motions import Trajectory

LOWEST = 400.0
"""Hertz at the frame's lower edge."""

OCTAVES = 2.0
"""From the lower edge to the upper one."""

LOUDEST = 8000.0
"""Amplitude of the tone at full speed, in steps of 16-bit samples."""

QUIETEST = 0.2
"""Loudness at rest, relative to that."""

FULL_SPEED = 0.1
"""Share of the frame's side that is full speed, per frame."""

CLICK, FADE = 12_000.0, 0.004
"""Amplitude of a click, and the seconds in which it fades by a factor of e."""

NOISE_DB = -10.0
"""Power of the noise relative to the tone's at full speed."""

Line = npt.NDArray[np.float64]


def soundtrack(
    rng: np.random.Generator,
    path: Trajectory,
    heights: Line,
    radius: float,
    size: int,
    scene: float,
    fps: int,
    rate: int,
) -> npt.NDArray[np.int16]:
    """The sound of one video.

    Args:
        rng: the video's generator for this purpose.
        path: of the part that moves, T frames.
        heights: (T,) of the part's centre above the frame's lower edge, in frame sides.
        radius: of the part, in pixels: how far a point of it moves as it turns or grows.
        size: of a frame, in pixels.
        scene: where the scene's type is among all, in [0, 1).
        fps: frames per second.
        rate: samples per second.

    Returns:
        (round(T / fps * rate),) int16, in [-32768, 32767]; the first sample is heard as frame 0 is
        shown.
    """
    count = round(len(heights) / fps * rate)
    time = np.arange(count) / rate * fps  # in frames
    frames = np.arange(len(heights))
    pitch = np.interp(time, frames, LOWEST * 2 ** (OCTAVES * heights))
    loudness = np.interp(time, frames, speeds(path, radius) / (FULL_SPEED * size))
    shown = path.visible[np.minimum(time.astype(int), len(frames) - 1)]
    volume = shown * (QUIETEST + (1 - QUIETEST) * loudness.clip(max=1))
    tone = LOUDEST * volume * np.sin(2 * np.pi * np.cumsum(pitch) / rate)
    mixed = tone + _clicks(rng, turns(path), count, fps, rate) + _noise(rng, count, scene)
    return np.rint(mixed).clip(-32768, 32767).astype(np.int16)


def speeds(path: Trajectory, radius: float) -> Line:
    """(T,) in pixels per frame, by central differences, of a point at the part's edge."""
    moved = np.hypot(np.gradient(path.x), np.gradient(path.y))
    return np.asarray(
        moved + radius * (np.abs(np.gradient(path.scale)) + np.abs(np.gradient(path.angle)))
    )


def turns(path: Trajectory) -> npt.NDArray[np.int64]:
    """The frames at which the motion turns back, or the sprite appears or disappears."""
    frames = [_extremes(line) for line in (path.x, path.y, path.scale)]
    switched = np.flatnonzero(np.diff(path.visible)) + 1
    return np.unique(np.concatenate([*frames, switched])).astype(np.int64)


def _extremes(line: Line) -> npt.NDArray[np.int64]:
    steps = np.diff(line)
    return np.flatnonzero(steps[:-1] * steps[1:] < 0) + 1


def _clicks(
    rng: np.random.Generator, frames: npt.NDArray[np.int64], count: int, fps: int, rate: int
) -> Line:
    """Bursts of noise that begin at frames and fade: (count,)."""
    fading = np.exp(-np.arange(round(10 * FADE * rate)) / (FADE * rate))
    found = np.zeros(count + len(fading))
    for begin in np.rint(frames / fps * rate).astype(int):
        found[begin : begin + len(fading)] += CLICK * fading * rng.uniform(-1, 1, len(fading))
    return found[:count]


def _noise(rng: np.random.Generator, count: int, scene: float) -> Line:
    """Noise (count,) that is the duller the higher the number of its scene."""
    # Imported here for worlds with sound only: it takes a second.
    from scipy.signal import lfilter

    coloured = np.asarray(lfilter([1.0], [1.0, -0.95 * scene], rng.standard_normal(count)))
    power = 0.5 * LOUDEST**2 * 10 ** (NOISE_DB / 10)
    return coloured * np.sqrt(power / np.square(coloured).mean())
