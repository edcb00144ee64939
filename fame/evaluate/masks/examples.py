"""Examples for figures: masks of a clip by every variant, and a real training pair."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from fame.augment.views import Views
from fame.config.scale import Backbone, Scale
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.data.clips.batch import Batch, collate
from fame.data.clips.dataset import TrainClips, UniformClips
from fame.data.clips.loader import KeyedBatches
from fame.data.clips.sampling import RandomClips, clip_indices, window
from fame.data.manifest import Manifest
from fame.data.video.decode import read_frames
from fame.data.video.resize import scaled_down
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.masks.pictures import Floats, Masked, TrainingPair
from fame.evaluate.masks.variants import Variant
from fame.evaluate.masks.windows import check_window, inspect


def middle_clip(path: Path, length: int, stride: int, max_short_side: int | None) -> Tensor:
    """The clip in the middle of a video; a video shorter than the clip loops.

    Args:
        path: the video file.
        length: frames of the clip.
        stride: native frames from one to the next; reduced if the video is shorter.
        max_short_side: short side in pixels above which frames are scaled down; None never.

    Returns:
        (3, T, H, W) uint8.

    Raises:
        FameError: it cannot be decoded or holds a single frame.
    """
    info = inspect(path)
    check_window(0, length, stride)  # of the video, only the clip is read
    step = min(stride, info.frames - 1)
    start = max(info.frames - window(length, step), 0) // 2
    numbers = clip_indices(start, info.frames, length, step)
    pixels = torch.from_numpy(read_frames(path, numbers.tolist(), info.decoder))
    frames = scaled_down(pixels.permute(0, 3, 1, 2), max_short_side)
    return frames.transpose(0, 1).contiguous()


def masked(title: str, clip: Tensor, variants: Sequence[Variant], beta: float) -> Masked:
    """The middle frame of a clip, and the clip's masks.

    Args:
        title: what the clip is called.
        clip: (3, T, H, W) uint8, or floats in [0, 1].
        variants: whose masks, left to right.
        beta: share of foreground; ignored by Gauss.
    """
    clips = clip[None] if clip.is_floating_point() else clip[None].float() / 255
    frame = clips[0, :, clips.shape[2] // 2].permute(1, 2, 0)
    masks = {variant.name: variant.mask(clips, beta)[0].numpy() for variant in variants}
    return Masked(title, (frame * 255).round().to(torch.uint8).numpy(), masks)


def masked_files(
    paths: Sequence[Path],
    variants: Sequence[Variant],
    beta: float,
    length: int,
    stride: int,
    max_short_side: int | None,
) -> tuple[list[Masked], list[str]]:
    """Masks of the middle clip of each video that can be read.

    Args:
        paths: video files.
        variants: as in `masked`.
        beta: as in `masked`.
        length: as in `middle_clip`.
        stride: as in `middle_clip`.
        max_short_side: as in `middle_clip`.

    Returns:
        The examples, and for each skipped video a sentence with the reason.

    Raises:
        FameError: none can be read.
    """
    examples, reasons = [], []
    for path in tqdm(paths, unit="video", disable=None):
        try:
            clip = middle_clip(path, length, stride, max_short_side)
        except FameError as error:
            reasons.append(str(error))
        else:
            examples.append(masked(path.name, clip, variants, beta))
    if not examples:
        raise FameError(f"None of {len(paths)} videos can be shown; the first: {reasons[0]}")
    return examples, reasons


def masked_videos(
    manifest: Manifest, count: int, spec: ClipSpec, variants: Sequence[Variant], beta: float
) -> list[Masked]:
    """Masks of the middle clip of some evenly spaced evaluation videos.

    Args:
        manifest: usable videos (`Manifest.select`).
        count: how many videos; all if there are fewer.
        spec: frames, stride and crop.
        variants: as in `masked`.
        beta: as in `masked`.
    """
    # Of three uniform clips the second starts halfway.
    clips = UniformClips(
        manifest,
        frames=spec.frames,
        stride=spec.stride,
        clips=3,
        max_short_side=spec.max_short_side,
    )
    examples = []
    for row in evenly_spaced(len(manifest), count):
        batch = collate([clips[row]])
        cropped = spec.cropped(batch.clips, batch.sizes)[0, 1]
        examples.append(masked(str(manifest.table["video"].iloc[row]), cropped, variants, beta))
    return examples


def evenly_spaced(whole: int, count: int) -> list[int]:
    """`count` numbers below `whole`, evenly spread, each in the middle of its share."""
    count = min(whole, count)
    return [(2 * place + 1) * whole // (2 * count) for place in range(count)]


def training_pair(
    scale: Scale, backbone: Backbone, manifest: Manifest, seed: int, row: int = 0
) -> TrainingPair:
    """A positive pair of the first training step, with the scale's merging.

    Args:
        scale: views, merging, batch and group.
        backbone: frames, stride and size of its clips.
        manifest: the training videos.
        seed: of the run.
        row: which clip of the first group.

    Raises:
        FameError: fewer training videos than a batch, or the group has no such row.
    """
    settings = scale.pretrain
    if not 0 <= row < settings.group:
        raise FameError(f"A group has rows 0 to {settings.group - 1}; there is no row {row}.")
    videos = manifest.select("train")
    batch = _first_group(scale, backbone, videos, seed)
    world = World(0, 1, torch.device("cpu"))
    views = Views(
        settings.views, backbone.size, settings.merge, settings.group, seed, world, torch.float32
    )
    first, second = views.explain(batch, step=0)
    assert first.donors is not None and first.masks is not None  # the first slot is always merged
    return TrainingPair(
        first=_picture(first.clips[row]),
        second=_picture(second.clips[row]),
        donor=_picture(first.donors[row]),
        mask=first.masks[row].numpy(),
        merged=_picture(first.merged[row]),
        first_view=_picture(first.coloured[row]),
        second_view=_picture(second.coloured[row]),
        both=second.masks is not None,
        video=str(videos.table["video"].iloc[int(batch.indices[row])]),
    )


def _first_group(scale: Scale, backbone: Backbone, videos: Manifest, seed: int) -> Batch:
    """The clips of the first group of the first batch, as training draws them."""
    settings = scale.pretrain
    draw = RandomClips(backbone.frames, backbone.stride, clips=2)
    clips = TrainClips(videos, draw, seed=seed, max_short_side=scale.max_short_side)
    batches = KeyedBatches(len(videos), settings.batch, 1, seed)
    return collate([clips[key] for key in next(iter(batches))[: settings.group]])


def _picture(clip: Tensor) -> Floats:
    """(3, T, S, S) to (T, S, S, 3)."""
    return clip.permute(1, 2, 3, 0).contiguous().numpy()
