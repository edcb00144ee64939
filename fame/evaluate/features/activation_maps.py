"""Class-agnostic activation maps (Figure 1; facts A10), and how much of them is foreground.

A map is the sum over channels of the encoder's last stage, divided by its maximum over space and
time, and enlarged to the clip's size. An encoder that looks at the moving foreground has a larger
share of its activation there than the foreground has of the pixels.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from tqdm import tqdm

from fame.core.errors import FameError
from fame.core.randomness import generator
from fame.data.clips.batch import Batch
from fame.data.clips.dataset import UniformClips
from fame.data.clips.loader import loader
from fame.data.clips.sampling import uniform_starts, window
from fame.data.manifest import Manifest
from fame.evaluate.bias.foreground import Foreground
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import Work, evaluation, pieces
from fame.models.encoder import Encoder, fast_layout

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Pictures:
    """The middle clips of a few videos, as figures show them.

    Attributes:
        videos: (n,) ids.
        labels: (n,) class names, "" for none.
        frames: (n, T, S, S, 3) uint8 RGB.
        maps: (n, T, S, S) float16 in [0, 1].
        masks: (n, T, S, S) bool, true on the foreground.
    """

    videos: npt.NDArray[np.str_]
    labels: npt.NDArray[np.str_]
    frames: npt.NDArray[np.uint8]
    maps: npt.NDArray[np.float16]
    masks: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Activation:
    """How much of an encoder's activation is on the foreground of N videos.

    Attributes:
        videos: N ids.
        shares: (N,) share of each map that lies on the foreground, in [0, 1].
        areas: (N,) share of the pixels that is foreground: what a uniform map would give.
        elsewhere: mean share of a map on the foreground of another video: the value for maps that
            follow only where foregrounds usually are, such as the centre.
        pictures: of the chosen videos.
    """

    videos: list[str]
    shares: Floats
    areas: Floats
    elsewhere: float
    pictures: Pictures


def middle(manifest: Manifest, frames: int, stride: int) -> Manifest:
    """Each video cut to the window of its middle clip, which is then its only clip."""
    table, span = manifest.table.copy(), window(frames, stride)
    lengths = table["frames"].to_numpy()
    table["start"] += [uniform_starts(int(n), frames, stride, 3)[1] for n in lengths]
    table["frames"] = np.minimum(lengths, span)
    return replace(manifest, table=table)


def spread_choice(labels: npt.NDArray[np.int64], count: int, seed: int) -> npt.NDArray[np.int64]:
    """`count` rows in a keyed order: every class once before any class twice, and so on.

    Args:
        labels: (N,) classes.
        count: number of rows, N at most.
        seed: of the draw.
    """
    order = generator(seed, "activation-choice").permutation(len(labels))
    turn = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        turn[labels[order] == label] = np.arange((labels == label).sum())
    return order[np.argsort(turn, kind="stable")][:count]


def activation_maps(encoder: Encoder, views: Tensor) -> Tensor:
    """Activation maps of clips.

    Args:
        encoder: see `Encoder.maps`.
        views: normalised clips, (B, 3, T, H, W).

    Returns:
        (B, T, H, W) float32 in [0, 1], on the CPU; NaN or zero throughout for a clip to which
        the encoder gives no finite activation.
    """
    summed = encoder.maps(fast_layout(views)).float().sum(1, keepdim=True)
    peaks = summed.amax((1, 2, 3, 4), keepdim=True)
    scaled = summed / peaks.where(peaks > 0, 1)
    size = list(views.shape[2:])
    return interpolate(scaled, size=size, mode="trilinear", align_corners=False)[:, 0].cpu()


def share(maps: Tensor, masks: Tensor) -> Tensor:
    """How much of each map lies on a mask.

    Args:
        maps: (B, T, H, W), not negative, not all zero.
        masks: (B, T, H, W) bool.

    Returns:
        (B,) in [0, 1]; for a uniform map the share of the pixels in the mask.
    """
    maps = maps.double().flatten(1)
    return (maps * masks.flatten(1)).sum(1) / maps.sum(1)


def measure(
    encoder: Encoder,
    manifest: Manifest,
    spec: ClipSpec,
    work: Work,
    foreground: Callable[[Manifest, ClipSpec], Foreground],
    choice: npt.NDArray[np.int64],
) -> Activation:
    """Activation maps of the middle clip of every video of a manifest.

    Args:
        encoder: moved to the device, used in evaluation mode, then put back in its mode.
        manifest: the videos, all usable, at least two.
        spec: frames, crop and normalisation; its number of clips is not used.
        work: device, batch and workers; its parts are not used.
        foreground: makes the source of masks from a manifest and the spec of its clips.
        choice: rows of the videos whose pictures are kept.

    Raises:
        FameError: fewer than two videos, or a clip without finite activation.
    """
    if len(manifest) < 2:
        raise FameError(f"{manifest.dataset}: activation maps need two test videos or more")
    spec = replace(spec, clips=1)
    clips = middle(manifest, spec.frames, spec.stride)
    totals = _Totals(clips, spec, foreground(clips, spec), choice)
    dataset = UniformClips(clips, spec.frames, spec.stride, 1, max_short_side=spec.max_short_side)
    rows = [list(batch) for batch in pieces(range(len(clips)), work.batch)]
    hide = None if work.progress else True
    with evaluation(encoder, work.device), torch.no_grad():
        for batch in tqdm(loader(dataset, rows, work.workers), desc="activation", disable=hide):
            totals.add(encoder, batch.to(work.device))
    return totals.result()


class _Totals:
    """Shares, areas and pictures of the videos encoded so far."""

    def __init__(
        self,
        manifest: Manifest,
        spec: ClipSpec,
        foreground: Foreground,
        choice: npt.NDArray[np.int64],
    ) -> None:
        self._manifest, self._spec, self._foreground = manifest, spec, foreground
        self._choice = choice
        self._kept: dict[int, tuple[Tensor, Tensor, Tensor]] = {}
        self._shares: list[Tensor] = []
        self._areas: list[Tensor] = []
        # Sums over videos: all pairs of a map and another's mask follow from these two.
        self._densities = torch.zeros((), dtype=torch.float64)
        self._masks = torch.zeros((), dtype=torch.float64)

    def add(self, encoder: Encoder, batch: Batch) -> None:
        views = self._spec.cropped(batch.clips, batch.sizes)
        masks = self._foreground(batch, views)[:, 0].cpu()
        maps = activation_maps(encoder, self._spec.normalised(views)[:, 0])
        self._check(maps, batch.indices)
        self._shares.append(share(maps, masks))
        self._areas.append(masks.double().mean((1, 2, 3)))
        densities = maps.double() / maps.double().sum((1, 2, 3), keepdim=True)
        self._densities = self._densities + densities.sum(0)
        self._masks = self._masks + masks.double().sum(0)
        for place, row in enumerate(batch.indices.tolist()):
            if row in self._choice:
                self._kept[row] = (views[place, 0].cpu(), maps[place], masks[place])

    def _check(self, maps: Tensor, rows: Tensor) -> None:
        fine = maps.isfinite().all(3).all(2).all(1) & (maps.amax((1, 2, 3)) > 0)
        if not fine.all():
            video = self._manifest.table["video"].iloc[int(rows[~fine][0])]
            raise FameError(
                f"the encoder gives video {video!r} no finite activation; pretrain it again"
            )

    def result(self) -> Activation:
        shares, areas = torch.cat(self._shares), torch.cat(self._areas)
        count = len(shares)
        crossed = (self._densities * self._masks).sum() - shares.sum()
        return Activation(
            videos=self._manifest.table["video"].tolist(),
            shares=shares.float().numpy(),
            areas=areas.float().numpy(),
            elsewhere=float(crossed / (count * (count - 1))),
            pictures=self._pictures(),
        )

    def _pictures(self) -> Pictures:
        views, maps, masks = (
            torch.stack([self._kept[int(row)][part] for row in self._choice]) for part in range(3)
        )
        table = self._manifest.table.iloc[self._choice]
        return Pictures(
            videos=table["video"].to_numpy(dtype=np.str_),
            labels=table["label"].fillna("").to_numpy(dtype=np.str_),
            frames=(views.permute(0, 2, 3, 4, 1) * 255).round().byte().numpy(),
            maps=maps.numpy().astype(np.float16),
            masks=masks.numpy(),
        )
