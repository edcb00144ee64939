"""Reading clips: the loader compared with the bare decoder, and memory over thousands of clips.

    python benchmarks/read_speed.py VIDEOS --videos 12 --memory-clips 20000

Prints JSON. Rates are of one core, on the same frames, in one run; ratios are relative to a bare
PyAV loop over the same frames. torchcodec and decord are measured if installed. Memory is that of
this process while it reads pairs of clips of one small video.
"""

import argparse
import importlib.util
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fame.core.randomness import generator
from fame.data.clips.dataset import TrainClips
from fame.data.clips.sampling import RandomClips
from fame.data.listing import videos
from fame.data.manifest import OK, Manifest
from fame.data.video.decode import probe, read_frames
from fame.data.video.encode import write_video

FRAMES, STRIDE = 16, 2

Reader = Callable[[Path, np.ndarray], object]


def bare(path: Path, numbers: np.ndarray) -> None:
    """PyAV only: decode up to the last wanted frame, convert the wanted ones."""
    wanted, last = set(numbers.tolist()), int(numbers.max())
    with av.open(str(path)) as container:
        stream = container.streams.best("video")
        stream.codec_context.thread_count = 1
        for number, frame in enumerate(container.decode(stream)):
            if number in wanted:
                frame.to_ndarray(format="rgb24", threads=1)
            if number >= last:
                break


def _torchcodec(path: Path, numbers: np.ndarray) -> None:
    from torchcodec.decoders import VideoDecoder

    decoder = VideoDecoder(str(path), num_ffmpeg_threads=1)
    decoder.get_frames_at(np.unique(numbers).tolist())


def readers() -> dict[str, Reader]:
    """The readers available on this machine."""
    available: dict[str, Reader] = {
        "PyAV, bare": bare,
        "ours, PyAV": lambda path, numbers: read_frames(path, numbers.tolist(), "pyav"),
    }
    if importlib.util.find_spec("decord"):
        available["ours, decord"] = lambda path, numbers: read_frames(
            path, numbers.tolist(), "decord"
        )
    if importlib.util.find_spec("torchcodec"):
        available["torchcodec"] = _torchcodec
    return available


def speed(paths: list[Path]) -> dict[str, Any]:
    """Clips per second and core of each reader and the loader; readers take turns."""
    frames = {path: probe(path).frames for path in paths}
    draw = RandomClips(FRAMES, STRIDE, clips=2)
    numbers = {
        path: draw(frames[path], generator(0, "clip-starts", 0, i)).reshape(-1)
        for i, path in enumerate(paths)
    }
    available = readers()
    seconds = dict.fromkeys(available, 0.0) | {"loader": 0.0}
    clips = TrainClips(_manifest(paths), draw, seed=0)
    for i, path in enumerate(paths):
        bare(path, numbers[path])  # so that the file is in memory for all readers
        for name, reader in available.items():
            seconds[name] += _timed(lambda one=reader, at=path: one(at, numbers[at]))
        seconds["loader"] += _timed(lambda row=i: clips[0, row])
    return {
        name: {
            "clips_per_second": round(2 * len(paths) / value, 1),
            "of_bare": round(seconds["PyAV, bare"] / value, 2),
        }
        for name, value in seconds.items()
    }


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _manifest(paths: list[Path]) -> Manifest:
    infos = [probe(path) for path in paths]
    columns = {
        "video": [str(i) for i in range(len(paths))],
        "path": [path.relative_to("/").as_posix() for path in paths],
        "dataset": "bench",
        "label": None,
        "group": None,
        "split": "train",
        "start": 0,
        "frames": [info.frames for info in infos],
        "fps": [info.fps for info in infos],
        "width": [info.width for info in infos],
        "height": [info.height for info in infos],
        "status": OK,
    }
    return Manifest("bench", Path("/"), pd.DataFrame(columns), [])


def memory(clips: int) -> dict[str, Any]:
    """MiB of this process while the loader reads pairs of clips."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "small.mp4")
        pictures = np.random.default_rng(0).integers(0, 256, (48, 48, 64, 3)).astype(np.uint8)
        write_video(path, pictures, 25)
        source = TrainClips(_manifest([path]), RandomClips(FRAMES, STRIDE, clips=2), seed=0)
        marks = []
        for number in range(clips // 2):
            source[number, 0]
            if number % (clips // 20) == 0:
                marks.append(round(_resident(), 1))
    return {"clips": clips, "resident_mib": [*marks, round(_resident(), 1)], "peak_mib": _peak()}


def _resident() -> float:
    """MiB in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _peak() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How fast clips are read.")
    parser.add_argument("root", type=Path, help="holds a folder for each dataset")
    parser.add_argument("--datasets", nargs="+", help="folders of it; all by default")
    parser.add_argument("--videos", dest="count", type=int, default=12, help="of each folder")
    parser.add_argument("--memory-clips", type=int, default=20000)
    given = parser.parse_args()
    torch.set_num_threads(1)
    report: dict[str, Any] = {"memory": memory(given.memory_clips)}
    names = given.datasets or sorted(p.name for p in given.root.iterdir() if p.is_dir())
    for name in names:
        listed = videos([given.root / name])
        chosen = [listed[i * len(listed) // given.count] for i in range(given.count)]
        report[name] = speed(list(dict.fromkeys(chosen)))
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
