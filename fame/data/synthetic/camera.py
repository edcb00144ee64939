"""The camera's effects: slight shake, a slow pan, flicker, noise, and drifting dots."""

import numpy as np

MARGIN = 3
"""Pixels of background beyond each edge of the frame; the jitter stays one pixel below."""

DOT_RADIUS = 1.5
"""Radius of a drifting dot in pixels."""

DOT_SPEED = 0.5
"""Largest speed of a drifting dot along each axis, in pixels per frame."""


def jitter(rng: np.random.Generator, strength: float, frames: int) -> np.ndarray:
    """Displacements (T, 2) right and down by a shaking camera, in pixels, below `MARGIN`.

    Args:
        rng: the video's generator for this purpose.
        strength: standard deviation, in pixels.
        frames: T.
    """
    return np.clip(strength * rng.standard_normal((frames, 2)), 1 - MARGIN, MARGIN - 1)


def pan(rng: np.random.Generator, fastest: float, frames: int) -> np.ndarray:
    """Displacements (T, 2) right and down by a steady pan, in pixels, zero halfway.

    Any direction is as likely as another, and any speed up to the fastest. Whatever stands in the
    scene moves with it, body included. A camera that follows its body would keep only the body
    still: frame differences would then find the background instead, which is easier than the
    question here.

    Args:
        rng: the video's generator for this purpose.
        fastest: the highest speed, in pixels per frame.
        frames: T.
    """
    speed, heading = rng.uniform(0, fastest), rng.uniform(0, 2 * np.pi)
    velocity = speed * np.array([np.cos(heading), np.sin(heading)])
    return np.asarray((np.arange(frames) - (frames - 1) / 2)[:, None] * velocity)


def film(scene: np.ndarray, shift: np.ndarray, size: int) -> np.ndarray:
    """The background as seen by a moving camera.

    Args:
        scene: (T, S + 2M, S + 2M, 3) float32, the scene with a margin of M pixels.
        shift: (T, 2) displacement of the picture right and down, in pixels, below M.
        size: S.

    Returns:
        (T, S, S, 3) float32, bilinearly interpolated.
    """
    start = (scene.shape[1] - size) // 2 - shift[:, ::-1]
    whole = np.floor(start).astype(int)
    part = (start - whole).astype(np.float32)
    seen = np.empty((len(shift), size, size, 3), dtype=np.float32)
    for frame, canvas, (top, left), (down, right) in zip(seen, scene, whole, part, strict=True):
        window = canvas[top : top + size + 1, left : left + size + 1]
        rows = window[:-1] + down * (window[1:] - window[:-1])
        frame[:] = rows[:, :-1] + right * (rows[:, 1:] - rows[:, :-1])
    return seen


def add_dots(
    rng: np.random.Generator, pictures: np.ndarray, shift: np.ndarray, number: int
) -> None:
    """Paint drifting dots, in place, onto (T, S, S, 3) float32 pictures in [0, 1].

    A dot that leaves the frame re-enters on the other side; `shift` (T, 2) is the camera's.
    """
    time = np.arange(len(pictures))[:, None]
    size = pictures.shape[1]
    for _ in range(number):
        start, speed = rng.uniform(0, size, 2), rng.uniform(-DOT_SPEED, DOT_SPEED, 2)
        place = (start + time * speed) % size + shift
        distance = np.arange(size) + 0.5 - place[..., None]
        inside = distance[:, 1, :, None] ** 2 + distance[:, 0, None, :] ** 2 < DOT_RADIUS**2
        pictures[inside] = rng.random(3, dtype=np.float32)


def develop(
    rng: np.random.Generator, pictures: np.ndarray, flicker: float, noise: float
) -> np.ndarray:
    """Add flicker and noise, and round to bytes.

    Args:
        rng: the video's generator for this purpose.
        pictures: (T, S, S, 3) float32 in [0, 1]; overwritten.
        flicker: standard deviation of each frame's gain.
        noise: standard deviation of each pixel's brightness; equal in the three channels, which
            keeps lossless files small.

    Returns:
        (T, S, S, 3) uint8.
    """
    gain = 1 + flicker * rng.standard_normal(len(pictures), dtype=np.float32)
    grain = rng.random(pictures.shape[:3], dtype=np.float32) - np.float32(0.5)
    pictures *= 255 * gain[:, None, None, None]
    pictures += (grain * np.float32(255 * noise * np.sqrt(12)))[..., None] + np.float32(0.5)
    return np.clip(pictures, 0, 255, out=pictures).astype(np.uint8)
