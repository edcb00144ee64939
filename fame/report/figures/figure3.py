"""Figure 3: the temporal kernels of encoders as violins, stage by stage (facts A10). No torch.

As in the paper the weights are raw, neither normalised nor binned. The networks of all seeds of
an encoder are pooled into its violin.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from fame.core.cards import verified
from fame.core.errors import FameError
from fame.core.files import replacing
from fame.evaluate.metrics.kernels import LAYERS, Kernels, flat, temporal_kernels
from fame.evaluate.metrics.spread import Spread, spread
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import Figure
from fame.report.style import TEXT_WIDTH, colours, footnote, save, style

FIGURE = Figure(
    title="Figure 3: temporal kernels",
    caption="Raw weights of the 3x1x1 temporal kernels of R(2+1)D, layers 1 to 4, for each "
    "encoder. The table gives their standard deviation and kurtosis with 95 % intervals.",
    alt="Four violin plots, one for each layer, each with a violin for every encoder. The table "
    "below gives their standard deviation and kurtosis.",
    needs="temporal kernels",
    columns={
        "layer": "Layer",
        "encoder": "Encoder",
        "networks": "Networks",
        "std": "Standard deviation",
        "std_low": "from",
        "std_high": "to",
        "kurtosis": "Excess kurtosis",
        "kurtosis_low": "from",
        "kurtosis_high": "to",
        "interval": "Interval",
    },
)

BOOTSTRAP_SEED = 0


@dataclass(frozen=True)
class Networks:
    """One encoder's networks, one for each seed.

    Attributes:
        title: as the figure shows it.
        layers: by stage, for each network, its convolutions.
        scales: the scales that they were trained at; empty for imported ones.
    """

    title: str
    layers: dict[str, list[list[Kernels]]]
    scales: frozenset[str]

    @property
    def count(self) -> int:
        """The number of networks."""
        return len(self.layers[LAYERS[0]])

    def weights(self, layer: str) -> Kernels:
        """All weights of a stage, of all networks, in one row."""
        return np.concatenate([flat(network) for network in self.layers[layer]])


def read(title: str, encoders: Sequence[Path]) -> Networks:
    """Read the networks of one encoder.

    Args:
        title: as the figure shows it.
        encoders: `encoder.safetensors` of each seed, with their cards beside them.

    Raises:
        FameError: a card is not its encoder's, or a network has no temporal kernels.
    """
    cards = [verified(path) for path in encoders]
    kernels = [temporal_kernels(path) for path in encoders]
    layers = {layer: [network[layer] for network in kernels] for layer in LAYERS}
    scales = frozenset(card["scale"] for card in cards if "scale" in card)
    return Networks(title, layers, scales)


def _check(arms: Sequence[Networks]) -> None:
    """Raw weights may be compared only between networks of one architecture."""
    shapes = {
        str([[kernel.shape for kernel in arm.layers[layer][i]] for layer in LAYERS]): arm.title
        for arm in arms
        for i in range(arm.count)
    }
    if len(shapes) > 1:
        first, second, *_ = shapes.values()
        raise FameError(
            f"the networks of {first!r} and {second!r} differ in size, so their raw weights "
            "cannot be compared; give encoders of one backbone and scale"
        )


def statistics(arms: Sequence[Networks]) -> pd.DataFrame:
    """The table of `figure3.csv`: a row for each stage and encoder.

    Columns: `layer`, `encoder`, `networks` (seeds), `convolutions` and `weights` (of one
    network), `std` and `kurtosis` (excess) with `_low` and `_high` of their 95 % intervals,
    `interval` (what it is over), `min` and `max` (over all networks).
    """
    return pd.DataFrame(
        [_row(arm, layer, place) for layer in LAYERS for place, arm in enumerate(arms)]
    )


def _row(arm: Networks, layer: str, place: int) -> dict[str, Any]:
    networks, weights = arm.layers[layer], arm.weights(layer)
    estimates: Spread = spread(networks, BOOTSTRAP_SEED, LAYERS.index(layer), place)
    return {
        "layer": layer,
        "encoder": arm.title,
        "networks": arm.count,
        "convolutions": len(networks[0]),
        "weights": sum(kernel.size for kernel in networks[0]),
        "std": estimates.std.value,
        "std_low": estimates.std.low,
        "std_high": estimates.std.high,
        "kurtosis": estimates.kurtosis.value,
        "kurtosis_low": estimates.kurtosis.low,
        "kurtosis_high": estimates.kurtosis.high,
        "interval": estimates.interval,
        "min": float(weights.min()),
        "max": float(weights.max()),
    }


def draw(arms: Sequence[Networks]) -> Drawing:
    """Two by two violin plots, in the poster's layout; call it under `style()`."""
    figure, axes = plt.subplots(2, 2, figsize=(TEXT_WIDTH, 4.8))
    for place, (layer, ax) in enumerate(zip(LAYERS, axes.flat, strict=True)):
        _violins(ax, arms, layer)
        ax.set_title(f"({'abcd'[place]}) {layer}", y=-0.28)
    footnote(figure, _note(arms))
    return figure


def _violins(ax: Axes, arms: Sequence[Networks], layer: str) -> None:
    titles = [arm.title for arm in arms]
    weights = {str(place): arm.weights(layer) for place, arm in enumerate(arms)}
    sns.violinplot(
        data=weights,
        palette=dict(zip(weights, colours(titles), strict=True)),
        inner="box",
        saturation=1,
        linewidth=0.6,
        ax=ax,
    )
    ax.set_xticks(range(len(titles)), titles)
    ax.set_xlabel("")
    ax.set_ylabel("WEIGHT")
    ax.grid(axis="y", linewidth=0.3, alpha=0.6)
    ax.set_axisbelow(True)


def _note(arms: Sequence[Networks]) -> str:
    scales = sorted(frozenset().union(*(arm.scales for arm in arms)))
    counts = sorted({arm.count for arm in arms})
    seeds = " or ".join(map(str, counts))
    pooled = "1 network to a violin" if counts == [1] else f"{seeds} networks to a violin, pooled"
    trained = f"networks of scale {', '.join(scales)}; " if scales else ""
    return (
        f"Raw weights of the 3x1x1 temporal convolutions, stem excluded; {trained}{pooled}. "
        "Inner box: quartiles; the tips are the kernel density's, a little beyond the extremes, "
        "which the csv gives."
    )


def write(encoders: Mapping[str, Sequence[Path]], out: Path) -> list[Path]:
    """Write `out`.png, `out`.pdf and `out`.csv.

    Args:
        encoders: by title, left to right, the `encoder.safetensors` of each seed.
        out: without ending.

    Raises:
        FameError: see `read`; or the networks differ in size.
    """
    arms = [read(title, paths) for title, paths in encoders.items()]
    _check(arms)
    with style():
        files = save(draw(arms), out)
    csv = files[0].with_suffix(".csv")
    with replacing(csv) as file:
        statistics(arms).to_csv(file, index=False, float_format="%.6g")
    return [*files, csv]


def make(experiments: Experiments, files: Mapping[str, Sequence[Path]], out: Path) -> None:
    """Draw the figure of a scale; `files` are by encoder, see `write`."""
    write(files, out)
