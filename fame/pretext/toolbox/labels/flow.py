"""Optical flow from frame to frame, for labels made from pixels. It runs where clips are read."""

from itertools import pairwise

import cv2
import numpy as np

REACH = 20.0
"""Largest displacement that is kept, in pixels along each axis."""

STEP = 2 * REACH / 255
"""Displacements are whole multiples of this: what the release's files of bytes can hold."""


def flow(frames: np.ndarray) -> np.ndarray:
    """Where each pixel moves from one frame to the next.

    By OpenCV's dense inverse search (Kroeger et al., ECCV 2016) at its medium setting. It
    works on one thread: its result depends on their number.

    Args:
        frames: (T, S, S, 3) uint8 RGB, S at least 16.

    Returns:
        (T - 1, 2, S, S) float32 pixels: u to the right, then v downwards.
    """
    cv2.setNumThreads(1)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in np.ascontiguousarray(frames)]
    fields = [search.calc(*pair, None) for pair in pairwise(greys)]  # type: ignore[call-overload]
    return np.stack(fields).transpose(0, 3, 1, 2)


def stored(fields: np.ndarray) -> np.ndarray:
    """Flow cut at `REACH` and rounded to whole multiples of `STEP`, as in files of bytes.

    Rounding makes what stands still exactly 0, so that its noise gives no labels.
    """
    return STEP * np.rint(fields.clip(-REACH, REACH).astype(np.float64) / STEP)
