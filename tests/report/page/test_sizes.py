"""Parameters from an encoder's header; multiplications from cards."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from fame.core.errors import FameError
from fame.pipeline.paths import Places
from fame.report.page.sizes import parameters, sizes
from fame.report.page.variants import variants


def test_buffers_are_no_parameters(tmp_path):
    tensors = {
        "stem.weight": np.zeros((2, 3, 1, 3, 3), np.float32),
        "norm.weight": np.zeros(7, np.float32),
        "norm.running_var": np.zeros(7, np.float32),
        "norm.num_batches_tracked": np.zeros((), np.int64),
    }
    save_file(tensors, tmp_path / "e.safetensors", {"run": "r"})
    assert parameters(tmp_path / "e.safetensors") == 2 * 3 * 9 + 7


@pytest.mark.parametrize(
    "content", [b"", b"other weights", b"\x02" + bytes(7) + b"[]", b"\xff" * 9]
)
def test_another_file_is_named(tmp_path, content):
    (tmp_path / "e").write_bytes(content)
    with pytest.raises(FameError, match="e: not a safetensors file"):
        parameters(tmp_path / "e")


def test_a_row_for_each_network(mini_results):
    given, folder = mini_results
    known = variants(given.runs.values(), given.scale)
    run = next(run for run in given.runs.values() if run.backbone == "r2plus1d")
    found = sizes(known, Places(folder), {run.id: {"multiplications": 12_345_678}})
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in found.rows}
    assert rows["R(2+1)D, 8 wide"] == ["8 x 32", "0.000", "0.0123"]
    assert rows["I3D, 8 wide, 3 blocks"][2] == "–"
    assert len(rows) == len({str(one.runs[0].recipe["backbone"]) for one in known})
