"""Tiny videos with a sound track, made on the spot."""

from fractions import Fraction

import av
import numpy as np
from small_videos import pictures

RATE = 24_000
FPS = 25


def noise(count, channels=1, seed=0):
    """(channels, count) int16, never 0."""
    found = np.random.default_rng(seed).integers(1, 20_000, (channels, count), np.int16)
    return found if channels > 1 else found * np.array([[1]], np.int16)


def clicks(places, count):
    """(1, count) int16: single loud samples in silence."""
    samples = np.zeros((1, count), np.int16)
    samples[0, list(places)] = 20_000
    return samples


def write_heard(path, frames, parts, *, rate=RATE, codec="pcm_s16le", video="ffv1", first=0):
    """Write a video of `frames` small pictures at 25 fps and its sound.

    `parts` are (seconds, samples): pieces of sound, (channels, n) int16, and the time at which each
    begins; `first` is the time of the first picture, in frames.
    """
    with av.open(str(path), "w") as container:
        picture = container.add_stream(video, rate=FPS)
        picture.height, picture.width = 24, 32
        picture.pix_fmt = "bgr0" if video == "ffv1" else "yuv420p"
        channels = parts[0][1].shape[0] if parts else 1
        sound = container.add_stream(codec, rate=rate, layout=("mono", "stereo")[channels - 1])
        for number, pixels in enumerate(pictures(frames)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number + first, Fraction(1, FPS)
            container.mux(picture.encode(frame))
        for seconds, samples in parts:
            packed = np.ascontiguousarray(samples.T.reshape(1, -1))
            frame = av.AudioFrame.from_ndarray(packed, "s16", ("mono", "stereo")[channels - 1])
            frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
            frame.pts = round(seconds * rate)
            container.mux(sound.encode(frame))
        container.mux(picture.encode(None))
        container.mux(sound.encode(None))
    return path
