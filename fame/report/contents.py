"""What the report's page shows besides the tables: files, their order, what is said of them."""

from dataclasses import dataclass
from pathlib import Path

from fame.config.scale import Scale


@dataclass(frozen=True)
class Picture:
    """A figure of the page.

    Attributes:
        name: becomes its anchor.
        title: bold, before the caption.
        caption: what it shows.
        file: a PNG below the results of the scale.
    """

    name: str
    title: str
    caption: str
    file: str


@dataclass(frozen=True)
class Part:
    """A section with a table of its own, from a CSV, below a picture of it.

    Attributes:
        name: becomes its anchor.
        title: of the section.
        caption: what it shows.
        file: the CSV below the results of the scale; the picture is beside it.
        columns: of the CSV, to be shown; all of it stays in the file.
    """

    name: str
    title: str
    caption: str
    file: str
    columns: tuple[str, ...]


PICTURES = (
    Picture(
        "figure1",
        "Figure 1.",
        "Where the encoders are active: the sum over channels of the last stage, on test videos. "
        "Right: the share of it that falls on the foreground.",
        "figures/figure1.png",
    ),
    Picture(
        "figure2",
        "Figure 2.",
        "A training pair as it is really made: the foreground of one clip on another's background.",
        "figures/figure2.png",
    ),
    Picture(
        "figure3",
        "Figure 3.",
        "The weights of the temporal kernels of R(2+1)D, raw, by stage.",
        "figures/figure3.png",
    ),
    Picture(
        "figure4",
        "Figure 4.",
        "What each mask variant keeps of a clip; what is masked is white.",
        "figures/figure4.png",
    ),
)

PARTS = (
    Part(
        "claims",
        "Claims",
        "Every ordering that the paper's tables assert, judged by the rule of docs/claims.md. A "
        "verdict is about this scale's data and nothing else.",
        "claims.csv",
        ("claim", "table", "published", "difference", "low", "high", "n", "p_corrected", "verdict"),
    ),
    Part(
        "bias",
        "Background bias",
        "A linear probe on unaltered clips, tested on altered ones, and how much each encoder "
        "leans on the background and on motion (docs/bias.md).",
        "figures/bias.csv",
        (
            *("arm", "dataset", "seed", "original", "background", "foreground", "conflict"),
            *("frozen", "shuffled", "background_reliance", "motion_reliance"),
            *("follows_background", "foreground_by"),
        ),
    ),
    Part(
        "masks",
        "Mask quality",
        "Each mask variant against the true foreground of the generated videos.",
        "figures/mask_quality.csv",
        ("variant", "beta", "iou", "precision", "recall", "ap", "n", "clips"),
    ),
)


def present(files: Path) -> tuple[list[Picture], list[Part]]:
    """The pictures and parts whose files a scale has; filmed videos have no mask quality.

    Args:
        files: `results/<scale>`.
    """
    pictures = [picture for picture in PICTURES if (files / picture.file).is_file()]
    return pictures, [part for part in PARTS if (files / part.file).is_file()]


def notice(scale: Scale) -> str:
    """How the measured numbers may be compared with the published ones, and why."""
    may = "may" if scale.comparable else "may not"
    return (
        f"The {scale.name} numbers {may} be compared with the published ones: {scale.note}. "
        "Published and measured numbers stand side by side and are never mixed."
    )
