"""Compute a network's outputs for videos; each video is decoded once, finished parts are kept."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.backends import cudnn
from tqdm import tqdm

from fame.data.clips.batch import Batch
from fame.data.clips.dataset import UniformClips
from fame.data.clips.loader import loader
from fame.data.clips.workers import explained
from fame.data.manifest import Manifest
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.parts import Parts
from fame.pipeline import versions

InputsOf = Callable[[Batch], Iterable[Tensor]]
"""From a decoded batch, with its clips on the device, to the network's inputs: sets of normalised
views (B, n, 3, T, S, S), where n may differ."""


VIDEOS_AT_A_TIME = 8
"""Test videos encoded together, with all their clips; it affects memory, not results."""


@dataclass(frozen=True)
class Work:
    """How outputs are computed; they depend on it only by rounding.

    Attributes:
        device: where the network runs.
        batch: maximum number of videos decoded and encoded together, with all their clips.
        workers: loader processes; 0 decodes in this one.
        parts: folder for finished parts (beside the output); None keeps none.
        part: maximum number of videos per part.
        progress: show a bar where there is a terminal.
    """

    device: torch.device
    batch: int
    workers: int
    parts: Path | None
    part: int = 256
    progress: bool = True


def clip_outputs(
    network: nn.Module, manifest: Manifest, spec: ClipSpec, work: Work
) -> npt.NDArray[np.float32]:
    """A network's outputs for the uniform clips of each video, without gradients.

    Args:
        network: normalised clips (B, 3, T, H, W) to (B, D); moved to the device, used in
            evaluation mode, then put back in its mode.
        manifest: the videos, all usable.
        spec: which clips and crops.
        work: device, batch and parts.

    Returns:
        (N, clips, D) float32.
    """

    def inputs_of(batch: Batch) -> list[Tensor]:
        return [spec.normalised(spec.cropped(batch.clips, batch.sizes))]

    return outputs(network, manifest, spec, work, inputs_of, {})


def outputs(
    network: nn.Module,
    manifest: Manifest,
    spec: ClipSpec,
    work: Work,
    inputs_of: InputsOf,
    settings: dict[str, Any],
) -> npt.NDArray[np.float32]:
    """A network's outputs for all inputs made from each video, in one pass over the videos.

    An interrupted call resumes after its last finished part, if everything that the outputs
    depend on is the same. The parts stay: `fame.evaluate.features.parts.clear` removes them.

    Args:
        network: as for `clip_outputs`.
        manifest: the videos, all usable.
        spec: which clips are decoded.
        work: device, batch and parts.
        inputs_of: makes the inputs of a batch, V sets of n views.
        settings: JSON data that identifies this `inputs_of`.

    Returns:
        (N, sum of all n, D) float32, the sets one after another.
    """
    identifying = [identity(network, manifest, spec), settings, work.part]
    digest = hashlib.sha256(json.dumps(identifying, sort_keys=True).encode()).hexdigest()
    parts = Parts(work.parts, digest)
    with evaluation(network, work.device), explained("features"):
        _complete(parts, network, manifest, spec, work, inputs_of)
    return parts.joined()


def identity(network: nn.Module, manifest: Manifest, spec: ClipSpec) -> dict[str, Any]:
    """Everything that the outputs of uniform clips depend on, as JSON data."""
    return {
        "encoder": fingerprint(network),
        "manifest": manifest.fingerprint(),
        "version": versions.FEATURES_VERSION,
        **json.loads(json.dumps(asdict(spec))),
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
def evaluation(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Evaluation mode and full float32: TF32 would make features depend on the batch size."""
    training = network.training
    network.to(device).eval()
    try:
        with cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        network.train(training)


def pieces(videos: range, size: int) -> list[range]:
    """Consecutive pieces of at most `size`, as equal as possible."""
    count = -(-len(videos) // size)
    ends = [videos.start + len(videos) * number // count for number in range(count + 1)]
    return [range(start, stop) for start, stop in pairwise(ends)]


def batches(count: int, work: Work) -> list[list[range]]:
    """The rows of each part's batches; no batch crosses two parts."""
    return [pieces(part, work.batch) for part in pieces(range(count), work.part)]


def _complete(
    parts: Parts,
    network: nn.Module,
    manifest: Manifest,
    spec: ClipSpec,
    work: Work,
    inputs_of: InputsOf,
) -> None:
    """Compute every missing part, with one loader for all."""
    every = dict(enumerate(batches(len(manifest), work)))
    missing = {number: rows for number, rows in every.items() if number not in parts}
    dataset = UniformClips(
        manifest,
        frames=spec.frames,
        stride=spec.stride,
        clips=spec.clips,
        max_short_side=spec.max_short_side,
    )
    wanted = [list(batch) for rows in missing.values() for batch in rows]
    loaded = iter(loader(dataset, wanted, workers=work.workers))
    done = len(manifest) - sum(map(len, wanted))
    hide = None if work.progress else True
    with tqdm(
        total=len(manifest), initial=done, desc="features", unit="video", disable=hide
    ) as bar:
        for number, rows in missing.items():
            arrays = []
            for batch in rows:
                arrays.append(_encode(network, next(loaded).to(work.device), inputs_of))
                bar.update(len(batch))
            parts.put(number, np.concatenate(arrays))


@torch.no_grad()
def _encode(network: nn.Module, batch: Batch, inputs_of: InputsOf) -> npt.NDArray[np.float32]:
    """Outputs (B, sum of all n, D) for a batch; one set of views at a time."""
    encoded = [
        network(views.flatten(0, 1)).float().cpu().unflatten(0, views.shape[:2])
        for views in inputs_of(batch)
    ]
    array: npt.NDArray[np.float32] = torch.cat(encoded, dim=1).numpy()
    return array
