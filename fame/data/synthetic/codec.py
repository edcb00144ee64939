"""Writes videos without loss: FFV1 in RGB, which decord and PyAV read back bit for bit."""

from pathlib import Path

import numpy as np

FPS = 25
"""Frames a second of every generated video."""


def encode(path: Path, frames: np.ndarray) -> None:
    """Write frames (T, H, W, 3) uint8 RGB to a `.avi` or `.mp4` file.

    One thread and FFV1 version 1, so that equal frames give equal bytes on any machine.
    """
    # Here, so that settings can be read where there is no decoder.
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=FPS, options={"level": "1"})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "bgr0"
        stream.codec_context.thread_count = 1
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
