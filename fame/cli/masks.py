"""Commands for masks: draw them over a video, compare them side by side, measure them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fame.cli.options import ManifestOption, ScaleOption, check_out

if TYPE_CHECKING:
    from fame.config.scale import Backbone, Scale

BetaOption = Annotated[
    float, typer.Option("--beta", min=0, max=1, help="Share of the pixels kept as foreground.")
]
HueOption = Annotated[
    Literal["correct", "official"],
    typer.Option("--hue", help="FAME's hue: correct, or official (with the slip of the release)."),
]
LengthOption = Annotated[int, typer.Option("--clip-frames", min=2, help="Frames of a clip.")]
StrideOption = Annotated[
    int, typer.Option("--stride", min=1, help="Frames from one frame of a clip to the next.")
]
SizeOption = Annotated[
    int,
    typer.Option(
        "--size", min=16, help="Frames with a larger short side (pixels) are scaled down."
    ),
]
VariantsOption = Annotated[
    list[str] | None,
    typer.Option("--variant", help="fame, gauss, grid, seed or a .py file; can be repeated."),
]
BackboneOption = Annotated[
    str | None,
    typer.Option("--backbone", help="Backbone whose clip settings are used (default: the first)."),
]


def mask(
    video: Annotated[Path, typer.Argument(help="Any video file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .mp4 (.mov, .mkv, .avi) to write.")],
    variant: Annotated[
        str, typer.Option("--variant", help="fame, gauss, grid, seed or a .py file.")
    ] = "fame",
    beta: BetaOption = 0.5,
    hue: HueOption = "correct",
    clip_frames: LengthOption = 16,
    stride: StrideOption = 2,
    size: SizeOption = 360,
) -> None:
    """Draw FAME's mask of the moving foreground over a whole video.

    All frames of a clip share one mask, so each window of clip-frames times stride frames has its
    own. The background is darkened; a binary mask is outlined.
    """
    from tqdm import tqdm

    from fame.core.errors import FameError
    from fame.data.video.encode import check_name, rate, write_video
    from fame.evaluate.masks.variants import variant as choose
    from fame.evaluate.masks.windows import check_window, frames_of, inspect, windows
    from fame.report.overlay import darkened

    check_name(out)
    if out.exists() and video.exists() and out.samefile(video):
        raise FameError(f"{out} is the video itself; write to another file.")
    chosen = choose(variant, hue)
    info = inspect(video)
    check_window(info.frames, clip_frames, stride)
    stride = min(stride, info.frames)  # a larger one changes no mask
    frames = tqdm(frames_of(video, info, size), total=info.frames, unit="frame", disable=None)
    cut = windows(frames, lambda clips: chosen.mask(clips, beta), clip_frames, stride)
    pictures = (picture for part in cut for picture in darkened(part.frames, part.mask))
    written = write_video(out, pictures, info.fps)
    said = f"{out}: {written.frames} frames, {written.width} x {written.height}"
    said += f" at {float(rate(info.fps)):g} fps, {written.codec}"
    print(said + ("; odd sides made even" if written.padded else ""))


def mask_sheet(
    videos: Annotated[list[str], typer.Argument(help="Video files, folders or patterns.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .png to write; a .pdf beside it.")],
    variant: VariantsOption = None,
    beta: BetaOption = 0.5,
    hue: HueOption = "correct",
    clip_frames: LengthOption = 16,
    stride: StrideOption = 2,
    rows: Annotated[
        int, typer.Option("--rows", min=1, help="Maximum number of rows, sampled evenly.")
    ] = 12,
) -> None:
    """Draw the masks of many videos side by side: a row per video, a column per variant."""
    import sys

    from fame.data.listing import videos as listed
    from fame.evaluate.masks.examples import evenly_spaced, masked_files
    from fame.evaluate.masks.variants import PAPER, variants
    from fame.report.figures.figure4 import write

    check_out(out, ".png", ".pdf")
    chosen = variants(variant or PAPER, hue)
    paths = listed(videos)
    sampled = [paths[number] for number in evenly_spaced(len(paths), rows)]
    examples, reasons = masked_files(sampled, chosen, beta, clip_frames, stride, max_short_side=240)
    for reason in reasons:
        print(f"fame: left out: {reason}", file=sys.stderr)
    files = write(examples, out)
    print(f"{files[0]}: {len(examples)} of {len(paths)} videos")


def mask_quality(
    scale: ScaleOption,
    data: Annotated[str, typer.Option("--data", help="The data instance, such as ucf101-w0.")],
    manifest: ManifestOption,
    world: Annotated[
        Path, typer.Option("--world", help="The mini world of the videos, for true masks.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The .csv to write.")],
    variant: VariantsOption = None,
    backbone: BackboneOption = None,
) -> None:
    """Score each mask variant against the true foreground of a mini world."""
    from dataclasses import replace

    from fame.config.reading import load_scale
    from fame.core.errors import FameError
    from fame.data.manifest import Manifest
    from fame.evaluate.features.clipspec import ClipSpec
    from fame.evaluate.masks.quality import measure, write
    from fame.evaluate.masks.variants import PAPER, variants
    from fame.pipeline.runs import split_data_id

    settings = load_scale(scale)
    plan, pretrain = settings.evaluate.masks, settings.pretrain
    spec = replace(
        ClipSpec.of(settings, _backbone(settings, backbone), pretrain.views), clips=plan.clips
    )
    merge = pretrain.merge
    chosen = variants(variant or PAPER, merge.hue, merge.pseudocount)
    videos = Manifest.read(manifest)
    if videos.dataset != split_data_id(settings, data)[0]:
        raise FameError(
            f"{manifest} is of {videos.dataset}, not of {data}; give the manifest of {data}"
        )
    write(measure(videos, world, spec, chosen, plan.betas), data, out)


def training_pair(
    scale: ScaleOption,
    manifest: ManifestOption,
    out: Annotated[Path, typer.Option("--out", help="The .npz to write.")],
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of the run; the scale's first by default.")
    ] = None,
    row: Annotated[int, typer.Option("--row", min=0, help="Which clip of the first group.")] = 0,
    backbone: BackboneOption = None,
) -> None:
    """Make the first training pair of a run, which Figure 2 shows."""
    from fame.config.reading import load_scale
    from fame.data.manifest import Manifest
    from fame.evaluate.masks.examples import training_pair as make
    from fame.evaluate.masks.pictures import write_pair

    check_out(out, ".npz", inputs=[manifest])
    settings = load_scale(scale)
    chosen = settings.seeds[0] if seed is None else seed
    videos = Manifest.read(manifest)
    pair = make(settings, _backbone(settings, backbone), videos, chosen, row)
    write_pair(out, pair, videos.dataset)


def masked_clips(
    scale: ScaleOption,
    manifest: ManifestOption,
    out: Annotated[Path, typer.Option("--out", help="The .npz to write.")],
    split: Annotated[str, typer.Option("--split", help="Split of the manifest.")] = "test",
    rows: Annotated[int, typer.Option("--rows", min=1, help="Number of videos.")] = 4,
    backbone: BackboneOption = None,
) -> None:
    """Mask a clip of some videos by each variant, which Figure 4 shows."""
    from fame.config.reading import load_scale
    from fame.data.manifest import Manifest
    from fame.evaluate.features.clipspec import ClipSpec
    from fame.evaluate.masks.examples import masked_videos
    from fame.evaluate.masks.pictures import write_masked
    from fame.evaluate.masks.variants import PAPER, variants

    check_out(out, ".npz", inputs=[manifest])
    settings = load_scale(scale)
    merge = settings.pretrain.merge
    clips = ClipSpec.of(settings, _backbone(settings, backbone), settings.pretrain.views)
    videos = Manifest.read(manifest)
    chosen = variants(PAPER, merge.hue, merge.pseudocount)
    examples = masked_videos(videos.select(split), rows, clips, chosen, merge.beta)
    write_masked(out, examples, videos.dataset)


def _backbone(scale: "Scale", name: str | None) -> "Backbone":
    from fame.core.errors import FameError

    if name is None:
        return next(iter(scale.backbones.values()))
    if name not in scale.backbones:
        known = ", ".join(scale.backbones)
        raise FameError(f"Scale {scale.name} has no backbone {name}; it has {known}.")
    return scale.backbones[name]


def add(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(mask)
    app.command("mask-sheet")(mask_sheet)
    app.command("mask-quality")(mask_quality)
    app.command("training-pair")(training_pair)
    app.command("masked-clips")(masked_clips)
