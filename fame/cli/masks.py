"""Verbs about masks: draw them over a video, show them side by side, measure them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fame.cli.options import ManifestOption, ScaleOption
from fame.cli.outputs import check_out

if TYPE_CHECKING:
    from fame.config.scale import Backbone, Scale

BetaOption = Annotated[
    float, typer.Option("--beta", min=0, max=1, help="Share of the pixels kept as foreground.")
]
HueOption = Annotated[
    Literal["correct", "official"],
    typer.Option("--hue", help="FAME's colours: correct, or with the slip of the release."),
]
LengthOption = Annotated[int, typer.Option("--clip-frames", min=2, help="Frames of a clip.")]
StrideOption = Annotated[
    int, typer.Option("--stride", min=1, help="From one frame of a clip to the next.")
]
SizeOption = Annotated[
    int,
    typer.Option("--size", min=16, help="Frames with a larger short side (pixels) are shrunk."),
]
VariantsOption = Annotated[
    list[str] | None,
    typer.Option("--variant", help="fame, gauss, grid, seed or a .py file; again for more."),
]
StemOption = Annotated[
    Path, typer.Option("--out", help="Where to write, without ending: .png and .pdf.")
]
BackboneOption = Annotated[
    str | None, typer.Option("--backbone", help="Whose clips; the scale's first by default.")
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
    """Draw the mask over a whole video: what FAME takes for the moving foreground.

    One mask serves all frames of a clip, so each window of clip-frames times stride frames has
    its own. The background is darkened; a binary mask is outlined.
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
        int, typer.Option("--rows", min=1, help="At most so many, spread evenly over the videos.")
    ] = 12,
) -> None:
    """Show the masks of many videos side by side: a row for each, a column for each variant."""
    import sys

    from fame.data.listing import videos as listed
    from fame.evaluate.masks.examples import masked_files, spread
    from fame.evaluate.masks.variants import PAPER, variants
    from fame.report.figures.figure4 import write

    check_out(out, ".png", ".pdf")
    chosen = variants(variant or PAPER, hue)
    found = listed(videos)
    shown = [found[number] for number in spread(len(found), rows)]
    examples, reasons = masked_files(shown, chosen, beta, clip_frames, stride, max_short_side=240)
    for reason in reasons:
        print(f"fame: left out: {reason}", file=sys.stderr)
    files = write(examples, out)
    print(f"{files[0]}: {len(examples)} of {len(found)} videos")


def mask_quality(
    scale: ScaleOption,
    data: Annotated[str, typer.Option("--data", help="The data instance, such as ucf101-w0.")],
    manifest: ManifestOption,
    world: Annotated[Path, typer.Option("--world", help="The mini world: its true masks.")],
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
    from fame.pipeline.experiments import split_data_id

    settings = load_scale(scale)
    plan, pretrain = settings.evaluate.masks, settings.pretrain
    shown = replace(
        ClipSpec.of(settings, _backbone(settings, backbone), pretrain.views), clips=plan.clips
    )
    chosen = variants(variant or PAPER, pretrain.merge.hue)
    videos = Manifest.read(manifest)
    if videos.dataset != split_data_id(settings, data)[0]:
        raise FameError(f"{manifest} is of {videos.dataset}, not of {data}; give the other")
    write(measure(videos, world, shown, chosen, plan.betas), data, out)


def mask_quality_summary(
    files: Annotated[list[Path], typer.Argument(help="What `fame mask-quality` wrote.")],
    scale: ScaleOption,
    out: Annotated[Path, typer.Option("--out", help="The .csv; .png and .pdf go beside it.")],
) -> None:
    """Average the mask quality over the seeds' worlds, as a table and a figure."""
    from fame.config.reading import load_scale
    from fame.report.figures.mask_quality import read, summarise, write

    check_out(out, ".csv", inputs=files)
    settings = load_scale(scale)
    write(summarise(read(files), settings), settings, out)


def figure4(
    out: StemOption,
    video: Annotated[
        Path | None, typer.Option("--video", help="A video of your own, shown whole.")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="Or a dataset, as the scale tests on it.")
    ] = None,
    scale: Annotated[
        str | None, typer.Option("--scale", help="The scale that the manifest belongs to.")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="Which of the manifest's videos.")] = "test",
    rows: Annotated[int, typer.Option("--rows", min=1, help="How many of them.")] = 1,
    backbone: BackboneOption = None,
) -> None:
    """Draw Figure 4: a frame and what each mask variant keeps of it, on white.

    `fame mask-sheet` shows many videos, with options for the masks.
    """
    from fame.core.errors import FameError

    if video is not None and manifest is None:
        _figure4_of_video(video, out)
    elif video is None and manifest is not None and scale is not None:
        _figure4_of_manifest(scale, manifest, split, rows, backbone, out)
    else:
        raise FameError("Figure 4 needs either --video, or --manifest with --scale.")


def _figure4_of_video(video: Path, out: Path) -> None:
    from fame.evaluate.masks.examples import masked, middle_clip
    from fame.evaluate.masks.variants import PAPER, variants
    from fame.report.figures.figure4 import write

    clip = middle_clip(video, length=16, stride=2, max_short_side=360)
    write([masked(video.name, clip, variants(PAPER, "correct"), beta=0.5)], out)


def _figure4_of_manifest(
    scale: str, manifest: Path, split: str, rows: int, backbone: str | None, out: Path
) -> None:
    from fame.config.reading import load_scale
    from fame.data.manifest import Manifest
    from fame.evaluate.features.clipspec import ClipSpec
    from fame.evaluate.masks.examples import masked_videos
    from fame.evaluate.masks.variants import PAPER, variants
    from fame.report.figures.figure4 import caption, write

    settings = load_scale(scale)
    merge = settings.pretrain.merge
    shown = ClipSpec.of(settings, _backbone(settings, backbone), settings.pretrain.views)
    videos = Manifest.read(manifest).select(split)
    chosen = variants(PAPER, merge.hue)
    examples = masked_videos(videos, rows, shown, chosen, merge.beta)
    write(examples, out, caption(settings, videos.dataset, merge.beta))


def figure2(
    scale: ScaleOption,
    manifest: ManifestOption,
    out: StemOption,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of the run; the scale's first by default.")
    ] = None,
    row: Annotated[int, typer.Option("--row", min=0, help="Which clip of the first group.")] = 0,
    backbone: BackboneOption = None,
) -> None:
    """Draw Figure 2 with a real training pair: the very first that a run sees."""
    from fame.config.reading import load_scale
    from fame.data.manifest import Manifest
    from fame.evaluate.masks.examples import training_pair
    from fame.report.figures.figure2 import caption, write

    settings = load_scale(scale)
    chosen = settings.seeds[0] if seed is None else seed
    videos = Manifest.read(manifest)
    pair = training_pair(settings, _backbone(settings, backbone), videos, chosen, row)
    write(pair, out, caption(settings, videos.dataset, pair))


def _backbone(scale: "Scale", name: str | None) -> "Backbone":
    from fame.core.errors import FameError

    if name is None:
        return next(iter(scale.backbones.values()))
    if name not in scale.backbones:
        known = ", ".join(scale.backbones)
        raise FameError(f"Scale {scale.name} has no backbone {name}; it has {known}.")
    return scale.backbones[name]


def add(app: typer.Typer) -> None:
    """Register the verbs."""
    app.command()(mask)
    app.command("mask-sheet")(mask_sheet)
    app.command("mask-quality")(mask_quality)
    app.command("mask-quality-summary")(mask_quality_summary)
    app.command()(figure4)
    app.command()(figure2)
