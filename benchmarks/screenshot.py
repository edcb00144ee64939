"""Make the README's picture of the report page.

    python benchmarks/screenshot.py results/report.html --out docs/pictures/report.png

Needs Chromium on the path. The picture has few colours, to be small.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.browser import browser, find

COLOURS = 64


def picture(page: Path, out: Path, width: int, height: int, scale: float, anchor: str) -> None:
    """Write a window's view of a page as a PNG with a palette.

    Args:
        page: a `report.html`.
        out: the PNG.
        width: of the window, in CSS pixels; `height` likewise.
        height: see `width`.
        scale: picture pixels per CSS pixel.
        anchor: the id of the element at the top; empty for the top of the page.
    """
    executable = find()
    if executable is None:
        sys.exit("no Chromium on the path: install one (Debian: apt-get install chromium)")
    with browser(executable) as tab, tempfile.TemporaryDirectory() as folder:
        tab.size(width, height, scale)
        tab.open(page)
        if anchor:
            tab.evaluate(f"document.getElementById({anchor!r}).scrollIntoView()")
        shot = Path(folder) / "shot.png"
        tab.screenshot(shot)
        with Image.open(shot) as whole:
            whole.convert("RGB").quantize(COLOURS).save(out, optimize=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("page", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=1500)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--anchor", default="")
    args = parser.parse_args()
    picture(args.page, args.out, args.width, args.height, args.scale, args.anchor)


if __name__ == "__main__":
    main()
