from dataclasses import dataclass

import pytest

from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.pipeline.cost import costs, files_of
from fame.pipeline.experiments import Cell

HEADER = "s\th:m:s\tmax_rss\tmax_vms\n"


@dataclass(frozen=True)
class FakeRun:
    id: str
    seed: int

    def data_id(self, scale):
        """An untrained encoder has no data."""


def cell(task, *runs):
    return Cell(0, "ucf101", task, "ucf101", "top1", runs)


@pytest.fixture
def files(tmp_path):
    """A shared run in two cells, and one that was not run."""
    scale = load_scale("mini")
    first, second = FakeRun("a", 0), FakeRun("b", 1)
    cells = [cell("linear", first), cell("finetune", first, second), cell("retrieval", first)]
    return files_of(cells, scale, tmp_path)


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "".join(f"{s}\t0:0\t{rss}\t1\n" for s, rss in rows))


def test_each_job_counts_once(files, tmp_path):
    evaluate = tmp_path / "evaluate" / "a" / "ucf101-w0"
    assert files["pretrain"] == {tmp_path / "pretrain" / n / "pretrain.benchmark.tsv" for n in "ab"}
    assert files["features"] == {evaluate / "features.benchmark.tsv"}
    assert len(files["finetune"]) == 2


def test_hours_and_peaks_of_what_was_run(files, tmp_path):
    write(tmp_path / "pretrain" / "a" / "pretrain.benchmark.tsv", (9, 9), (1800, 100.5))
    write(tmp_path / "pretrain" / "b" / "pretrain.benchmark.tsv", (3600, 300))
    (cost,) = costs(files)
    assert (cost.kind, cost.jobs, cost.hours, cost.peak_mib) == ("pretrain", 2, 1.5, 300)


def test_a_job_too_short_to_be_watched(files, tmp_path):
    write(tmp_path / "pretrain" / "a" / "pretrain.benchmark.tsv", (0.2, "-"))
    (cost,) = costs(files)
    assert cost.peak_mib != cost.peak_mib


def test_a_damaged_file_is_named(files, tmp_path):
    path = tmp_path / "pretrain" / "a" / "pretrain.benchmark.tsv"
    path.parent.mkdir(parents=True)
    path.write_text("nothing")
    with pytest.raises(FameError, match=r"pretrain/a/pretrain\.benchmark\.tsv"):
        costs(files)
