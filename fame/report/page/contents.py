"""What the report's page shows besides the tables: files, their order, what is said of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fame.config.scale import Scale


@dataclass(frozen=True)
class Part:
    """A picture of the page, and the table of its numbers if it has one.

    Attributes:
        name: becomes its anchor.
        title: stands above it.
        caption: what it shows.
        alt: what the picture looks like, for those who cannot see it.
        picture: a PNG below the results of the scale.
        table: the CSV with the numbers, below the results of the scale; None for none.
        columns: of the CSV, to be shown, with what stands above each; all of it stays in the file.
        first: a column and a value: rows that hold it are shown, the others are folded away.
    """

    name: str
    title: str
    caption: str
    alt: str
    picture: str
    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    first: tuple[str, str] | None = None


FIGURES = (
    Part(
        "figure1",
        "Figure 1: where the encoders look",
        "Class-agnostic activation maps: the sum over channels of the last stage, on test videos. "
        "Right, and in the table: the share of a map that falls on the foreground, and what a "
        "uniform map would give.",
        "Rows of test frames under a heat map, one row for each encoder, and beside them each "
        "encoder's share of activation on the foreground. The table below gives the shares.",
        "figures/figure1.png",
        "figures/figure1.csv",
        {
            "encoder": "Encoder",
            "seed": "Seed",
            "videos": "Videos",
            "foreground": "Foreground mask",
            "share": "Share on the foreground",
            "area": "Uniform map",
            "elsewhere": "On other videos' foregrounds",
        },
    ),
    Part(
        "figure2",
        "Figure 2: a training pair",
        "A pair as the first training step really makes it: FAME's mask cuts the foreground out of "
        "one clip and puts it on another video's background; both views go through the encoder.",
        "A diagram from left to right: the donor and two clips of one video as stacked frames, the "
        "binary mask, foreground and background cut out, the merged clip, the two views after "
        "their colour changes, two encoders and two features that attract each other.",
        "figures/figure2.png",
    ),
    Part(
        "figure3",
        "Figure 3: temporal kernels",
        "The raw weights of the 3x1x1 temporal kernels of R(2+1)D, layers 1 to 4. The table gives "
        "their spread with 95 % intervals, whether or not the encoders differ.",
        "Four violin plots, one for each layer, each with a violin for every encoder. The table "
        "below gives their standard deviation and kurtosis.",
        "figures/figure3.png",
        "figures/figure3.csv",
        {
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
    ),
    Part(
        "figure4",
        "Figure 4: mask variants",
        "What each mask variant keeps of a clip; what is masked is white.",
        "A row for each clip: a frame, then what the variants Gauss, Seed, Grid and FAME keep of "
        "it on white.",
        "figures/figure4.png",
    ),
)

CLAIMS = Part(
    "claims",
    "Claims",
    "Every ordering that the paper's tables assert, and some of our own, judged by the rule of "
    "docs/claims.md, which was fixed before the results. Differences are percentage points, the "
    "better less the worse; p is Holm's, corrected over the page. A verdict is about this "
    "scale's data and nothing else.",
    "A forest plot: for each claim the published difference and the measured one with its "
    "95 % interval, and the verdict. The table below holds the same.",
    "claims.png",
    "claims.csv",
)

MEASURES = (
    Part(
        "bias",
        "Background bias",
        "A linear probe on unaltered clips, tested on altered ones (accuracy in percent), and how "
        "much each encoder leans on the background and on motion (docs/bias.md defines the "
        "scores). A row takes the test videos of all seeds together.",
        "Accuracy of each encoder in each showing of the test videos, and its bias scores with "
        "intervals. The table below holds the same.",
        "figures/bias.png",
        "figures/bias.csv",
        {
            "arm": "Encoder",
            "dataset": "Dataset",
            "seed": "Seed",
            "chance": "Chance",
            "original": "Original",
            "background": "Background only",
            "foreground": "Foreground on grey",
            "conflict": "On another background",
            "frozen": "Frozen frame",
            "shuffled": "Shuffled frames",
            "background_reliance": "Background reliance",
            "motion_reliance": "Motion reliance",
            "follows_background": "Conflicts that follow the background",
            "foreground_by": "Foreground mask",
        },
        ("seed", "all"),
    ),
    Part(
        "masks",
        "Mask quality",
        "Each mask variant against the true foreground of the generated videos: means over worlds, "
        "one for each seed.",
        "Intersection over union, precision, recall and average precision of the mask variants "
        "against beta. The table below holds the same.",
        "figures/mask_quality.png",
        "figures/mask_quality.csv",
        {
            "variant": "Variant",
            "beta": "beta",
            "iou": "IoU",
            "iou_std": "± over worlds",
            "iou_chance": "IoU by chance",
            "iou_limit": "IoU at best",
            "precision": "Precision",
            "recall": "Recall",
            "ap": "Average precision",
            "n": "Worlds",
            "clips": "Clips",
        },
    ),
)


def present(parts: tuple[Part, ...], files: Path) -> list[Part]:
    """The parts whose picture a scale has; real videos have no mask quality.

    Args:
        parts: some of the above.
        files: `results/<scale>`.
    """
    return [part for part in parts if (files / part.picture).is_file()]


def notice(scale: Scale) -> str:
    """How the measured numbers may be compared with the published ones, and why."""
    may = "may" if scale.comparable else "may not"
    return (
        f"The {scale.name} numbers {may} be compared with the published ones: {scale.note}. "
        "Published and measured numbers stand side by side and are never mixed."
    )
