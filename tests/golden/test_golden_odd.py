"""Every file of the odd collection ends in a decision with a reason, as written down.

After a change on purpose: `python tests/golden/test_golden_odd.py FOLDER` writes the list anew.
"""

import csv
import sys
from pathlib import Path

from fame.data.index import Check, looks
from fame.data.video.facts import VideoInfo

GOLDEN = Path(__file__).with_name("odd_decisions.csv")


def decisions(odd):
    """[name, decision, reason] of each file, sorted."""
    paths = sorted(path for path in odd.rglob("*") if path.is_file())
    check = Check(seconds=60, workers=2, progress=False)
    return [
        [path.relative_to(odd).as_posix(), *_decision(found)]
        for path, found in zip(paths, looks(paths, check), strict=True)
    ]


def _decision(found):
    if isinstance(found, VideoInfo):
        size = f"{found.width}x{found.height}"
        return "taken", f"{found.frames} frames of {size} at {found.fps:.2f} fps"
    return "quarantined", found


def test_every_odd_file_is_decided_as_written_down(shared):
    with GOLDEN.open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["name", "decision", "reason"]
    assert decisions(shared / "videos" / "odd") == rows
    assert len(rows) == 45
    assert all(reason for _, _, reason in rows)


if __name__ == "__main__":
    with GOLDEN.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [["name", "decision", "reason"], *decisions(Path(sys.argv[1]))]
        )
