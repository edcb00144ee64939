"""The summary of mask quality over seeds, and its figure."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.evaluate.masks import quality
from fame.report.figures.mask_quality import METRICS, read, summarise, write

SCALE = load_scale("mini")


def table(path, seed, iou, **changes):
    """A file of two variants and two betas, as `fame mask-quality` writes it."""
    rows = [
        {"data": f"ucf101-w{seed}", "variant": variant, "beta": beta, "cut": cut, "clips": 10}
        for variant, cut in (("gauss", "top share"), ("own", "mask"))
        for beta in (0.3, 0.5)
    ]
    frame = pd.DataFrame(rows).assign(area=0.2)
    for name in METRICS:
        frame[name] = iou
        frame[f"{name}_std_clips"], frame[f"{name}_chance"], frame[f"{name}_limit"] = 0.1, 0.2, 0.9
    for name, value in changes.items():
        frame[name] = value
    frame.to_csv(path, index=False)
    return path


def test_means_and_deviations_are_over_worlds(tmp_path):
    files = [table(tmp_path / f"{seed}.csv", seed, iou) for seed, iou in enumerate((0.2, 0.4, 0.9))]
    found = summarise(read(files), SCALE)
    assert len(found) == 4
    assert found["iou"].to_numpy() == pytest.approx([0.5] * 4)
    assert found["iou_std"].to_numpy() == pytest.approx([np.std([0.2, 0.4, 0.9], ddof=1)] * 4)
    assert set(found["n"]) == {3}
    assert set(found["clips"]) == {30}
    assert set(found["scale"]) == {"mini"}
    assert set(found["dataset"]) == {"ucf101"}
    assert found["variant"].tolist() == ["gauss", "gauss", "own", "own"]


def test_one_world_has_no_deviation_and_a_figure_all_the_same(tmp_path):
    found = summarise(read([table(tmp_path / "0.csv", 0, 0.3, ap=np.nan)]), SCALE)
    assert found["iou_std"].isna().all()
    files = write(found, SCALE, tmp_path / "mask_quality.csv")
    assert [file.name for file in files] == [f"mask_quality.{end}" for end in ("csv", "png", "pdf")]
    assert all(file.stat().st_size > 500 for file in files)
    pd.testing.assert_frame_equal(pd.read_csv(files[0]), found, check_dtype=False)


def test_what_does_not_belong_together_is_refused(tmp_path):
    first = table(tmp_path / "0.csv", 0, 0.3)
    with pytest.raises(FameError, match="ucf101-w0 is given twice"):
        read([first, table(tmp_path / "again.csv", 0, 0.3)])
    with pytest.raises(FameError, match="other variants or betas"):
        read([first, table(tmp_path / "1.csv", 1, 0.3, beta=0.7)])
    with pytest.raises(FameError, match="no such file"):
        read([tmp_path / "none.csv"])
    with pytest.raises(FameError, match="not a table"):
        read([tmp_path])
    with pytest.raises(FameError, match="no mask quality to summarise"):
        read([])
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(FameError, match="lacks"):
        read([tmp_path / "other.csv"])
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(FameError, match="not a table"):
        read([tmp_path / "empty.csv"])


def test_the_report_needs_no_torch():
    code = (
        "import sys, fame.report.figures.mask_quality, fame.report.figures.figure2, "
        "fame.report.figures.figure4, fame.report.overlay; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_figure_shows_what_is_measured():
    assert tuple(METRICS) == quality.METRICS
