"""Write a mini world to disk as a complete dataset, atomically."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from fame.config.layouts import splits_of
from fame.config.worlds import MOTIONS, WorldConfig
from fame.core.errors import FameError
from fame.core.files import LOCK, owned
from fame.data.datasets import world_layout
from fame.data.datasets.common import WrittenVideo
from fame.data.synthetic.draws import draws
from fame.data.synthetic.world import FPS, Video, render, truth
from fame.data.video.kept_frames import keep
from fame.data.video.sound import RATE
from fame.data.video.sound_stream import SoundStream

GENERATOR_VERSION = 1
"""Raised whenever the same config would give different videos."""


def write_world(config: WorldConfig, seed: int, root: Path, progress: bool = False) -> None:
    """Generate a labelled dataset.

    Writes `videos/` and `annotations/` in the dataset's layout, `frames/` with the decoded videos
    (see `fame.data.video.kept_frames`), `masks/` with the sprite's silhouette in every frame (see
    `true_masks`), and `world.json` with the config, the seed, the generator's version, the class
    names and each video's class and scene type. The world is written beside `root` and renamed
    when complete, so a killed run leaves no partial world.

    Args:
        config: the world.
        seed: equal configs and seeds give equal files.
        root: the folder; it must be absent or empty.
        progress: show a progress bar on standard error.

    Raises:
        FameError: `root` is not empty, another process is writing it, or the dataset does not say
            how a world imitates its layout.
    """
    world_layout(config.layout)  # fails before any work
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise FameError(f"{root} already exists: remove it or choose another folder")
    draft = root.with_name(f".{root.name}.partial")
    with owned(draft):
        try:
            _clear(draft)
            _write_dataset(config, seed, draft, progress)
            (draft / LOCK).unlink()
            draft.replace(root)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise


def _clear(draft: Path) -> None:
    """Remove what a killed process left, except the lock, which is ours now."""
    for path in draft.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


def true_masks(video_path: Path, root: Path) -> np.ndarray:
    """The true foreground of a generated video.

    Args:
        video_path: the video, absolute or relative to `root/videos`.
        root: the world's folder, as given to `write_world`.

    Returns:
        (T, H, W) bool, true on the sprite.

    Raises:
        FameError: the video is not one of this world.
    """
    path = root / "masks" / _inside(video_path, root / "videos")
    path = path.with_name(path.name + ".npz")
    if not path.is_file():
        raise FameError(f"no true masks for {video_path}: {root} is not the world that holds it")
    with np.load(path) as arrays:
        return np.asarray(arrays["masks"])


def _inside(path: Path, folder: Path) -> Path:
    if not path.is_absolute() and not path.is_relative_to(folder):
        return path
    try:
        return path.resolve().relative_to(folder.resolve())
    except ValueError:
        raise FameError(f"{path} is not under {folder}: give a video of this world") from None


def _write_dataset(config: WorldConfig, seed: int, root: Path, progress: bool) -> None:
    entries = list(_write_videos(config, seed, root, progress))
    annotations = root / "annotations"
    annotations.mkdir(parents=True)
    world_layout(config.layout).write_annotations(annotations, entries)
    (root / "world.json").write_text(json.dumps(_card(config, seed, entries), indent=1) + "\n")


def _write_videos(
    config: WorldConfig, seed: int, root: Path, progress: bool
) -> Iterator[WrittenVideo]:
    videos = [(split, n) for split in splits_of(config.layout) for n in range(config.videos(split))]
    written: Counter[tuple[str, int]] = Counter()
    for split, video in tqdm(videos, desc=f"{config.layout} world", disable=not progress):
        meant = truth(config, seed, split, video)
        entry = _name(config, seed, (split, video), written[split, meant.motion])
        _write_files(render(config, seed, split, video), root, entry.path)
        yield entry
        written[split, meant.motion] += 1


def _name(config: WorldConfig, seed: int, place: tuple[str, int], number: int) -> WrittenVideo:
    """Name the video at a place (split, video): the `number`-th of its class and split."""
    layout, meant = world_layout(config.layout), truth(config, seed, *place)
    name, rng = layout.class_name(MOTIONS[meant.motion]), draws(config, seed, *place)("name")
    path = layout.video_path(name, place[0], number, rng)
    return WrittenVideo(path, place[0], name, meant.scene, config.frames)


def _write_files(video: Video, root: Path, path: str) -> None:
    target, masks = root / "videos" / path, root / "masks" / f"{path}.npz"
    for folder in (target.parent, masks.parent):
        folder.mkdir(parents=True, exist_ok=True)
    write_video(target, video.frames, video.sound)
    keep(root, path, video.frames)
    np.savez_compressed(masks, masks=video.masks)


def _card(config: WorldConfig, seed: int, entries: list[WrittenVideo]) -> dict[str, object]:
    return {
        "generator": GENERATOR_VERSION,
        "seed": seed,
        "config": config.model_dump(mode="json"),
        "classes": sorted({entry.class_name for entry in entries}),
        "videos": [vars(entry) for entry in entries],
    }


def write_video(path: Path, frames: np.ndarray, sound: np.ndarray | None = None) -> None:
    """Write frames (T, H, W, 3) uint8 RGB losslessly to a `.avi` or `.mp4` file.

    With sound (N,) int16 the file has a PCM stream too.

    decord and PyAV read them back bit for bit. One thread and FFV1 version 1 make equal frames
    give equal bytes on any machine.
    """
    # Imported here, so that settings can be read without a decoder installed.
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=FPS, options={"level": "1"})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "bgr0"
        stream.codec_context.thread_count = 1
        beside = None if sound is None else SoundStream(container, "pcm_s16le", sound, RATE)
        for number, frame in enumerate(frames, start=1):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            if beside:
                beside.until(number / FPS)
        container.mux(stream.encode(None))
        if beside:
            beside.finish()
