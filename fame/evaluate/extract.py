"""From videos to features: uniform clips, one centre crop, the frozen encoder."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.backends import cudnn
from tqdm import tqdm

from fame.augment.crop import centre_boxes, frame_boxes, geometry
from fame.augment.photometric import normalise
from fame.augment.settings import ViewSettings
from fame.config.scale import Backbone, Scale
from fame.data.clips import Batch, UniformClips, loader
from fame.data.manifest import OK, Manifest
from fame.errors import FameError
from fame.evaluate.colours import CONSTANTS, Colours
from fame.evaluate.features import Features
from fame.evaluate.parts import Parts


@dataclass(frozen=True)
class Shown:
    """What the encoder is shown of a video; all of it decides the features.

    Attributes:
        clips: uniform clips of each video (facts A8: 10).
        frames: of a clip.
        stride: native frames from one frame of a clip to the next.
        size: side of the crop in pixels.
        crop: `short-side` resizes to 8/7 of `size` first, `native` does not.
        mean: subtracted from RGB in [0, 1], last of all.
        std: RGB is divided by it.
        fit: frames with a larger short side are scaled down to it when read; None: never.
    """

    clips: int
    frames: int
    stride: int
    size: int
    crop: Literal["short-side", "native"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    fit: int | None

    @classmethod
    def of(cls, scale: Scale, backbone: Backbone, views: ViewSettings) -> "Shown":
        """From a scale; of `views` only the colour normalisation is used."""
        return cls(
            clips=scale.evaluate.clips,
            frames=backbone.frames,
            stride=backbone.stride,
            size=backbone.size,
            crop=scale.evaluate.crop,
            mean=views.mean,
            std=views.std,
            fit=scale.fit,
        )

    def in_colours(self, colours: Colours) -> "Shown":
        """The same with a named normalisation; `pretraining` leaves it as it is."""
        if colours == "pretraining":
            return self
        mean, std = CONSTANTS[colours]
        return replace(self, mean=mean, std=std)


@dataclass(frozen=True)
class Work:
    """How the features are computed; none of it changes them by more than rounding.

    Attributes:
        device: where the encoder runs.
        batch: videos that are decoded and encoded together, with all their clips.
        workers: loader processes; 0 decodes in this one.
        parts: folder for finished parts (beside the output); None keeps none.
        part: videos to a part.
        progress: show a bar where there is a terminal.
    """

    device: torch.device
    batch: int
    workers: int
    parts: Path | None
    part: int = 256
    progress: bool = True


def extract(
    encoder: nn.Module, manifest: Manifest, shown: Shown, work: Work, origin: dict[str, Any]
) -> Features:
    """Features of every usable video of a manifest, in its order; each is opened once.

    Args:
        encoder: normalised clips (B, 3, T, H, W) to pooled features (B, D).
        manifest: the videos; quarantined ones and the split "unused" are left out.
        shown: which clips and crops.
        work: device, batch and parts, which are removed when all is done.
        origin: kept in `meta`, such as the run, the data and the seed.

    Raises:
        FameError: if no video is usable, one cannot be read, or a feature is not finite.
    """
    chosen = _usable(manifest)
    outputs = clip_outputs(encoder, chosen, shown, work)
    table = chosen.table
    return Features(
        features=outputs,
        labels=chosen.labels(),
        videos=table["video"].to_numpy(dtype=np.str_),
        groups=table["group"].fillna("").to_numpy(dtype=np.str_),
        splits=table["split"].to_numpy(dtype=np.str_),
        classes=list(chosen.classes),
        meta=origin | _identity(encoder, chosen, shown),
    )


def clip_outputs(
    network: nn.Module, manifest: Manifest, shown: Shown, work: Work
) -> npt.NDArray[np.float32]:
    """What a network says of the uniform clips of each video, without gradients.

    A call that was interrupted continues after its last finished part, if network, manifest
    and `shown` are the same.

    Args:
        network: normalised clips (B, 3, T, H, W) to (B, D); moved to the device, used in
            evaluation mode, then put back in its mode.
        manifest: the videos, all usable.
        shown: which clips and crops.
        work: device, batch and parts.

    Returns:
        (N, clips, D) float32.
    """
    identity = json.dumps([_identity(network, manifest, shown), work.part], sort_keys=True)
    parts = Parts(work.parts, hashlib.sha256(identity.encode()).hexdigest())
    with _evaluation(network, work.device):
        _complete(parts, network, manifest, shown, work)
    outputs = parts.joined()
    parts.clear()
    return outputs


def _usable(manifest: Manifest) -> Manifest:
    table = manifest.table
    rows = table[(table["status"] == OK) & (table["split"] != "unused")]
    if rows.empty:
        raise FameError(f"dataset {manifest.dataset} has no usable video; index it again")
    return replace(manifest, table=rows)


def _identity(network: nn.Module, manifest: Manifest, shown: Shown) -> dict[str, Any]:
    """All that decides the outputs, as JSON data."""
    return {
        "encoder": fingerprint(network),
        "manifest": manifest.fingerprint(),
        **json.loads(json.dumps(asdict(shown))),
    }


def fingerprint(network: nn.Module) -> str:
    """SHA-256 of a network's class, and of the names, types, shapes and bytes of its state."""
    digest = hashlib.sha256(type(network).__name__.encode())
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def _evaluation(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Evaluation mode and full float32: TF32 would make features depend on the batch size."""
    training = network.training
    network.to(device).eval()
    try:
        with cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        network.train(training)


def _complete(
    parts: Parts, network: nn.Module, manifest: Manifest, shown: Shown, work: Work
) -> None:
    """Compute every part that is not there yet, one loader serving them all."""
    count = len(manifest)
    every = (range(i, min(i + work.part, count)) for i in range(0, count, work.part))
    missing = [videos for videos in every if videos.start // work.part not in parts]
    batches = [list(batch) for videos in missing for batch in _split(videos, work.batch)]
    dataset = UniformClips(
        manifest, frames=shown.frames, stride=shown.stride, clips=shown.clips, fit=shown.fit
    )
    loaded = iter(loader(dataset, batches, workers=work.workers))
    done = count - sum(map(len, missing))
    hide = None if work.progress else True
    with tqdm(total=count, initial=done, desc="features", unit="video", disable=hide) as bar:
        for videos in missing:
            arrays = []
            for batch in _split(videos, work.batch):
                arrays.append(encode(network, next(loaded), shown, work.device))
                bar.update(len(batch))
            parts.put(videos.start // work.part, np.concatenate(arrays))


def _split(videos: range, size: int) -> list[range]:
    """Consecutive pieces of `size`, the last one smaller: no batch crosses two parts."""
    return [videos[start : start + size] for start in range(0, len(videos), size)]


def encode(
    network: nn.Module, batch: Batch, shown: Shown, device: torch.device
) -> npt.NDArray[np.float32]:
    """A network's outputs for a batch's clips, one centre crop each.

    Args:
        network: in evaluation mode, on `device`.
        batch: clips (B, n, 3, T, H, W) uint8 and true sizes (B, 2).
        shown: crop and normalisation.
        device: where to compute.

    Returns:
        (B, n, D) float32.
    """
    videos, clips = batch.clips.shape[:2]
    sizes = batch.sizes.numpy().repeat(clips, axis=0)
    boxes, frames = centre_boxes(sizes, shown.size, shown.crop), frame_boxes(sizes)
    unmirrored = torch.zeros(videos * clips, dtype=torch.bool)
    raw = batch.clips.flatten(0, 1).to(device)
    views = geometry(raw, boxes, unmirrored, shown.size, frames)
    with torch.no_grad():
        outputs = network(normalise(views, shown.mean, shown.std))
    features: npt.NDArray[np.float32] = outputs.float().cpu().numpy()
    return features.reshape(videos, clips, -1)
