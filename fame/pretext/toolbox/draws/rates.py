"""Frame numbers of clips that are played faster: by a constant pace, or by dropping frames."""

import numpy as np


def restarting(start: int, n: int, frames: int, pace: int) -> np.ndarray:
    """A clip that goes on from the video's first frame where it passes the last.

    Unlike `clip_indices`, which takes frame numbers modulo `n`, it always restarts at 0.

    Returns:
        (frames,) int64 frame numbers in [0, n).
    """
    before = -(-(n - start) // pace)  # frames before the first restart
    number = np.arange(frames)
    again = (number - before) % -(-n // pace) * pace
    return np.where(number < before, start + number * pace, again)


def survivors(uniforms: np.ndarray, factor: float, frames: int) -> np.ndarray:
    """Frames that are left when each is dropped with probability 1 - 1 / `factor`: the first ones.

    Frame i survives if `uniforms[i]` > 1 - 1 / factor. If fewer than `frames` survive, the
    threshold falls until enough do, so that no frame is shown twice.

    Args:
        uniforms: (N,) in [0, 1), one number per native frame, N >= frames.
        factor: by how much the video is sped up on average, at least 1.
        frames: length of the clip.

    Returns:
        (frames,) int64, rising, in [0, N).
    """
    kept = np.flatnonzero(uniforms > 1 - 1 / factor)
    if len(kept) < frames:
        kept = np.sort(np.argsort(-uniforms, kind="stable")[:frames])
    return kept[:frames]
