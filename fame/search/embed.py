"""Embed a user's videos, one vector per video, skipping unreadable files.

A video's vector is the mean of its L2-normalised uniform clips, L2-normalised (facts A8). It is
not centred, since the mean depends on the set of videos, and the set may grow.
"""

import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from fame.core.errors import FameError
from fame.core.files import owned
from fame.core.gpus import own_device
from fame.data.clips.sampling import clip_indices, uniform_starts
from fame.data.video.decode import probe, read_frames
from fame.data.video.facts import DecodeError, VideoInfo
from fame.data.video.resize import scaled_down
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import evaluation
from fame.evaluate.tasks import retrieval
from fame.search.encoder_source import EncoderSource
from fame.search.library import OK, Library, Row, Stamp

PART = 16
"""Videos per part: the most that an interruption can lose."""

ROOM = 256 * 2**20
"""Bytes of decoded frames per video, unless a single clip needs more."""

_MOST_DECODERS = 8
"""Maximum number of decoder threads; each takes `ROOM`."""

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Machine:
    """How vectors are computed; the vectors depend on it only by rounding.

    Attributes:
        device: where the encoder runs.
        decoders: videos that are decoded at the same time (threads: decoding releases the lock).
        progress: show a bar where there is a terminal.
    """

    device: torch.device
    decoders: int = 1
    progress: bool = True


@contextmanager
def machine(threads: int, progress: bool = True) -> Iterator[Machine]:
    """This process's device, a GPU of its own if there is one, and `threads` CPU threads."""
    torch.set_num_threads(threads)
    with own_device() as device:
        yield Machine(device, min(threads, _MOST_DECODERS), progress)


@dataclass(frozen=True)
class Summary:
    """The outcome of a call.

    Attributes:
        made: videos that were decoded and encoded.
        kept: videos whose vector was kept from an earlier or an interrupted call.
        skipped: path of each skipped video, and the reason.
        others: videos in the file that this call did not name.
    """

    made: int
    kept: int
    skipped: list[tuple[str, str]]
    others: int


def embed(videos: Sequence[Path], out: Path, source: EncoderSource, work: Machine) -> Summary:
    """Write one row for each video, usable or not; a later call adds to the file.

    Vectors of unchanged files are kept, from `out` and from an interrupted call. Skipped videos are
    tried again.

    Args:
        videos: absolute paths.
        out: parquet, see `fame.search.library`; made or extended.
        source: the encoder.
        work: device and threads.

    Raises:
        FameError: `out` is another file or has vectors of another kind, another process is writing
            it, or the encoder gives NaN.
    """
    with _own_parts(out, source.origin()) as parts:
        before = _before(out, source.origin())
        done = before | parts.rows
        stamps = [Stamp.of(path) for path in videos]
        kept = {stamp.path for stamp in stamps if _holds(done.get(stamp.path), stamp)}
        todo = [path for path, s in zip(videos, stamps, strict=True) if s.path not in kept]
        if todo:
            with parts:
                for row in rows(source.load(), todo, source.spec, work):
                    parts.add(row)
        done |= parts.rows
        fresh = {stamp.path: done[stamp.path] for stamp in stamps}
        Library(source.origin(), done).write(out)
        parts.clear()
    skipped = [(path, row.status) for path, row in fresh.items() if row.status != OK]
    made = len(fresh) - len(kept) - len(skipped)
    return Summary(made, len(kept), skipped, len(done) - len(fresh))


def _before(out: Path, origin: dict[str, Any]) -> dict[str, Row]:
    """The rows that are in the file already."""
    if not out.exists():
        return {}
    library = Library.read(out)
    differences = library.differences(origin)
    if differences:
        raise FameError(
            f"{out} has vectors of another kind ({', '.join(differences)}); write to another "
            "file, or delete it to embed again"
        )
    return library.rows


def _holds(row: Row | None, stamp: Stamp) -> bool:
    """Whether a row has the vector of the file in its current state."""
    return row is not None and row.status == OK and row.stamp == stamp


class _Parts:
    """Rows of an unfinished call, kept as small library files in a folder."""

    def __init__(self, folder: Path, origin: dict[str, Any]) -> None:
        self._folder, self._origin = folder, origin
        self._pending: dict[str, Row] = {}
        self.rows: dict[str, Row] = {}
        parts = {file: Library.read(file) for file in self._files()}
        if any(part.differences(origin) for part in parts.values()):
            self.clear()
            parts = {}
        for part in parts.values():
            self.rows |= part.rows
        self._number = len(parts)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("part*.parquet"))

    def add(self, row: Row) -> None:
        """Add a row; a full part is written to disk."""
        self._pending[row.stamp.path] = row
        if len(self._pending) >= PART:
            self._flush()

    def __enter__(self) -> "_Parts":
        return self

    def __exit__(self, *_: object) -> None:
        """Write the finished rows, even after an exception."""
        self._flush()

    def _flush(self) -> None:
        if self._pending:
            file = self._folder / f"part{self._number:06d}.parquet"
            Library(self._origin, self._pending).write(file)
            self.rows |= self._pending
            self._number, self._pending = self._number + 1, {}

    def clear(self) -> None:
        """Remove the files."""
        for file in self._files():
            file.unlink()


@contextmanager
def _own_parts(out: Path, origin: dict[str, Any]) -> Iterator[_Parts]:
    """The parts beside a file; their folder is locked while the file is being written."""
    folder = out.with_name(f"{out.name}.parts")
    with owned(folder):
        try:
            yield _Parts(folder, origin)
        finally:
            if not any(folder.glob("part*.parquet")):
                shutil.rmtree(folder)


def rows(
    encoder: nn.Module, videos: Sequence[Path], spec: ClipSpec, work: Machine
) -> Iterator[Row]:
    """A row for each video, in order; an unreadable video does not stop the others.

    Args:
        encoder: normalised clips (B, 3, T, H, W) to pooled features (B, D).
        videos: absolute paths.
        spec: clips, crop and normalisation.
        work: device and threads.

    Raises:
        FameError: a feature is not finite, because the encoder diverged.
    """

    def look(path: Path) -> tuple[Stamp, int, Tensor | str]:
        return (Stamp.of(path), *_look(path, spec))

    hide = None if work.progress else True  # None: hidden unless there is a terminal
    with (
        evaluation(encoder, work.device),
        ThreadPoolExecutor(work.decoders) as pool,
        tqdm(total=len(videos), desc="embed", unit="video", disable=hide) as bar,
    ):
        for stamp, frames, views in _ahead(pool, look, videos, work.decoders):
            if isinstance(views, str):
                yield Row(stamp, 0, views, None)
            else:
                vector = _vector(encoder, spec.normalised(views.to(work.device)), stamp.path)
                yield Row(stamp, frames, OK, vector)
            bar.update()


def _ahead(
    pool: ThreadPoolExecutor, make: Callable[[Item], Made], items: Iterable[Item], depth: int
) -> Iterator[Made]:
    """Apply a function to each item, in order, at most `depth` items ahead of the caller."""
    waiting: deque[Future[Made]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _look(path: Path, spec: ClipSpec) -> tuple[int, Tensor | str]:
    """A video's number of frames and its views, or 0 and the reason why it is unusable."""
    try:
        info = probe(path)
        return info.frames, views(path, info, spec)
    except DecodeError as error:
        return 0, str(error).removeprefix(f"{path}: ")
    except Exception as error:  # one bad file must not stop the others
        return 0, " ".join(f"cannot be decoded ({type(error).__name__}: {error})".split())


def views(path: Path, info: VideoInfo, spec: ClipSpec) -> Tensor:
    """Centre crops of a video's uniform clips, not yet normalised.

    As many clips are read at a time as fit into `ROOM`; a small video is opened once.

    Returns:
        (1, clips, 3, T, size, size) float32 in [0, 1].
    """
    starts = uniform_starts(info.frames, spec.frames, spec.stride, spec.clips)
    numbers = np.stack([clip_indices(s, info.frames, spec.frames, spec.stride) for s in starts])
    clip_bytes = 3 * info.height * info.width * spec.frames
    count = max(1, ROOM // clip_bytes)
    pieces = [numbers[i : i + count] for i in range(0, len(numbers), count)]
    return torch.cat([_crops(path, piece, info, spec) for piece in pieces], dim=1)


def _crops(path: Path, numbers: np.ndarray, info: VideoInfo, spec: ClipSpec) -> Tensor:
    """The crops of some clips, whose frame `numbers` are (n, T), as (1, n, 3, T, size, size)."""
    wanted, places = np.unique(numbers, return_inverse=True)
    pixels = torch.from_numpy(read_frames(path, wanted.tolist(), info.decoder))
    frames = scaled_down(pixels.permute(0, 3, 1, 2), spec.max_short_side)
    clips = frames[torch.from_numpy(places.reshape(numbers.shape))].transpose(1, 2)
    return spec.cropped(clips[None], torch.tensor([frames.shape[2:]]))


@torch.no_grad()
def _vector(encoder: nn.Module, clips: Tensor, name: str) -> np.ndarray:
    """The unit vector (D,) float32 of a video's normalised clips (1, n, 3, T, S, S)."""
    features = encoder(clips[0]).float().cpu().numpy()
    if not np.isfinite(features).all():
        raise FameError(
            f"{name}: the encoder gives NaN or infinity; it diverged; pretrain it again"
        )
    vector: np.ndarray = retrieval.embed(features[None], centre=False)[0].astype(np.float32)
    return vector


def one(encoder: nn.Module, video: Path, spec: ClipSpec, work: Machine) -> Row:
    """The row of a single video.

    Raises:
        FameError: the video is unusable.
    """
    (row,) = rows(encoder, [video], spec, work)
    if row.status != OK:
        raise FameError(f"{video}: {row.status}")
    return row
