"""Figure 1: activation maps of encoders on the same clips, and how much is foreground. No torch.

Maps are laid over frames in jet colours, as in the paper. Jet is uneven and hard on colour-blind
readers, so the panel beside them says the same in numbers: over all test videos, for every seed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.figure import SubFigure

from fame.core.errors import FameError
from fame.core.files import replacing
from fame.evaluate.results import read_result
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import Figure
from fame.report.style import PALETTE, TEXT_WIDTH, colours, footnote, save, style

FIGURE = Figure(
    title="Figure 1: where the encoders look",
    caption="Class-agnostic activation maps: the sum over channels of the last stage, on test "
    "videos. Right, and in the table: the share of a map that falls on the foreground, and what a "
    "uniform map would give.",
    alt="Rows of test frames under a heat map, one row for each encoder, and beside them each "
    "encoder's share of activation on the foreground. The table below gives the shares.",
    needs="activation maps",
    columns={
        "encoder": "Encoder",
        "seed": "Seed",
        "videos": "Videos",
        "foreground": "Foreground mask",
        "share": "Share on the foreground",
        "area": "Uniform map",
        "elsewhere": "On other videos' foregrounds",
    },
)

OPACITY = 0.5
"""Of the jet colours over the frame."""

FOREGROUNDS = {
    "true": "the true foreground",
    "fame": "FAME's own mask, because the true foreground is unknown",
}

_PICTURES = ("videos", "labels", "frames", "maps", "masks")


@dataclass(frozen=True)
class Arm:
    """An encoder's row of the figure.

    Attributes:
        title: as the figure shows it.
        pictures: the arrays of `activation_maps.Pictures`, of the first seed.
        results: the result of `fame activation` for each seed.
    """

    title: str
    pictures: dict[str, npt.NDArray[Any]]
    results: list[dict[str, Any]]

    def metric(self, name: str) -> npt.NDArray[np.float64]:
        """A metric for each seed."""
        return np.array([result["metrics"][name] for result in self.results])


def read(title: str, files: Sequence[Path]) -> Arm:
    """Read what `fame activation` wrote of one encoder.

    Args:
        title: as the figure shows it.
        files: the `.npz` of each seed, with its `.json` beside it.

    Raises:
        FameError: a file is missing, is not of that kind, or is not of the same measurement.
    """
    results = [_result(path) for path in files]
    pictures = _pictures(files[0])
    if pictures["videos"].tolist() != results[0]["details"]["pictures"]:
        raise FameError(
            f"{files[0]} and the .json beside it are of different measurements; make them again"
        )
    return Arm(title, pictures, results)


def _result(path: Path) -> dict[str, Any]:
    result = read_result(path.with_suffix(".json"))
    if result["task"] != "activation":
        raise FameError(f"{path.with_suffix('.json')} holds {result['task']}, not activation")
    return result


def _pictures(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            return {name: arrays[name] for name in _PICTURES}
    except FileNotFoundError:
        raise FameError(f"{path}: no such file; make it with `fame activation`") from None
    except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile) as error:
        raise FameError(
            f"{path}: not what `fame activation` writes ({error}); make it again"
        ) from None


def _check(arms: Sequence[Arm]) -> None:
    """All encoders must have been measured on the same clips of the same videos."""
    first = arms[0]
    for arm in arms[1:]:
        if _measured_on(arm) != _measured_on(first):
            raise FameError(
                f"{arm.title!r} and {first.title!r} were not measured on the same videos in the "
                "same way, seed by seed; run `fame activation` on the same data for both"
            )


def _measured_on(arm: Arm) -> list[Any]:
    keys = ("scale", "foreground", "size", "trained_size", "pictures", "videos", "areas")
    return [
        [result["data"], result["seed"], *(result["details"][key] for key in keys)]
        for result in arm.results
    ]


def overlay(frame: npt.NDArray[np.uint8], heat: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """A map in jet colours over a frame.

    Args:
        frame: (H, W, 3) uint8 RGB.
        heat: (H, W) in [0, 1].

    Returns:
        (H, W, 3) uint8.
    """
    jet = colormaps["jet"](heat.astype(np.float64))[..., :3] * 255
    mixed = (1 - OPACITY) * frame + OPACITY * jet
    return np.rint(mixed).astype(np.uint8)


def draw(arms: Sequence[Arm]) -> Drawing:
    """Frames and maps at the left, shares at the right; call it under `style()`."""
    videos = len(arms[0].pictures["videos"])
    side = 4.7 / max(videos, len(arms) + 1)
    figure = plt.figure(figsize=(TEXT_WIDTH, max(side * (len(arms) + 1) + 0.8, 2.5)))
    halves = figure.subfigures(1, 2, squeeze=False, width_ratios=(4.7, 2.2))[0]
    _maps(halves[0], arms)
    _shares(halves[1].subplots(), arms)
    footnote(figure, note(arms))
    return figure


def _maps(figure: SubFigure, arms: Sequence[Arm]) -> None:
    """Frames, then each encoder's maps, at the clips' middle; a line round the foreground."""
    videos = len(arms[0].pictures["videos"])
    axes = figure.subplots(len(arms) + 1, videos, squeeze=False)
    for row, title in enumerate(["Frame", *(arm.title for arm in arms)]):
        axes[row, 0].set_ylabel(title)
        for column, ax in enumerate(axes[row]):
            _picture(ax, arms[max(row - 1, 0)].pictures, column, heated=row > 0)
    for ax, label in zip(axes[0], arms[0].pictures["labels"], strict=True):
        ax.set_title(str(label), fontsize=7)


def _picture(ax: Axes, pictures: dict[str, npt.NDArray[Any]], video: int, heated: bool) -> None:
    time = pictures["frames"].shape[1] // 2
    frame, heat, mask = (pictures[name][video, time] for name in ("frames", "maps", "masks"))
    ax.imshow(overlay(frame, heat) if heated else frame)
    if mask.any() and not mask.all():
        ax.contour(mask, levels=[0.5], colors="white", linewidths=0.7)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def _shares(ax: Axes, arms: Sequence[Arm]) -> None:
    """A point for each seed, a line at their mean, and what chance gives."""
    for place, (arm, colour) in enumerate(zip(arms, colours([a.title for a in arms]), strict=True)):
        shares, elsewhere = arm.metric("share"), arm.metric("elsewhere").mean()
        beside = place + np.linspace(-0.1, 0.1, len(shares)) * (len(shares) > 1)
        ax.scatter(beside, shares, s=14, color=colour, zorder=3)
        ax.hlines(shares.mean(), place - 0.28, place + 0.28, color=colour, linewidth=1.5)
        label = "a map on another\nvideo's foreground" if place == 0 else ""
        ink = PALETTE["ink"]
        ax.hlines(elsewhere, place - 0.28, place + 0.28, ink, ":", linewidth=1, label=label)
    area = float(arms[0].metric("area").mean())
    ax.axhline(area, color=PALETTE["ink"], linestyle="--", linewidth=0.8, label="a uniform map")
    ax.set_xticks(range(len(arms)), [arm.title.replace(" ", "\n") for arm in arms])
    ax.set_xlim(-0.5, len(arms) - 0.5)
    ax.margins(y=0.12)
    ax.set_ylabel("share of activation on the foreground")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12))


def note(arms: Sequence[Arm]) -> str:
    """The sentences under the figure: videos, sizes, seeds and whose foreground."""
    result = arms[0].results[0]
    details, seeds = result["details"], [one["seed"] for one in arms[0].results]
    trained, size = details["trained_size"], details["size"]
    larger = (
        f" Encoders trained on {trained} pixels see {size} here, so that the map has more than a "
        "few cells; objects are that much larger than in training."
        if size != trained
        else ""
    )
    return (
        f"Scale {details['scale']}, {result['dataset']}: middle clips of test videos, whose middle "
        f"frame is shown (seed {seeds[0]}).{larger} Right: mean over {len(details['videos'])} "
        f"videos, a point for each of {len(seeds)} seed{'s' * (len(seeds) > 1)}; the foreground "
        f"(white line) is {FOREGROUNDS[details['foreground']]}."
    )


def shares(arms: Sequence[Arm]) -> pd.DataFrame:
    """The table of `figure1.csv`: a row for each encoder and seed.

    Columns: `encoder`, `run`, `seed`, `data`, `scale`, `videos` (number), `foreground` (`true`
    or `fame`), `share`, `area` (what a uniform map gives), `elsewhere` (what maps give on other
    videos' foregrounds), all in [0, 1].
    """
    return pd.DataFrame([_row(arm, result) for arm in arms for result in arm.results])


def _row(arm: Arm, result: dict[str, Any]) -> dict[str, Any]:
    details = result["details"]
    return {
        "encoder": arm.title,
        **{key: result[key] for key in ("run", "seed", "data")},
        "scale": details["scale"],
        "videos": len(details["videos"]),
        "foreground": details["foreground"],
        **{key: result["metrics"][key] for key in ("share", "area", "elsewhere")},
    }


def write(encoders: Mapping[str, Sequence[Path]], out: Path) -> list[Path]:
    """Write `out`.png, `out`.pdf and `out`.csv.

    Args:
        encoders: by title, top to bottom, the `.npz` that `fame activation` wrote for each seed.
        out: without ending.

    Raises:
        FameError: see `read`; or the encoders were not measured on the same videos.
    """
    arms = [read(title, files) for title, files in encoders.items()]
    _check(arms)
    with style():
        files = save(draw(arms), out)
    csv = files[0].with_suffix(".csv")
    with replacing(csv) as file:
        shares(arms).to_csv(file, index=False, float_format="%.6g")
    return [*files, csv]


def make(experiments: Experiments, files: Mapping[str, Sequence[Path]], out: Path) -> None:
    """Draw the figure of a scale; `files` are by encoder, see `write`."""
    write(files, out)
