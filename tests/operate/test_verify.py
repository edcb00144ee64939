"""Whatever is changed in a folder of results is named; an unchanged one passes."""

import json
import re

import pytest
from small_results import MICRO, make
from typer.testing import CliRunner

from fame.cli import app
from fame.core.errors import FameError
from fame.data.manifest import Manifest
from fame.operate.verify import verify


@pytest.fixture
def made(tmp_path):
    return make(tmp_path)


def changes(made):
    results, tables, _ = made
    return verify(results, [str(MICRO)], tables).changes


def one(made, pattern):
    return sorted((made[0] / "micro").glob(pattern))[0]


def test_what_was_made_passes(made):
    results, tables, _ = made
    found = verify(results, [str(MICRO)], tables)
    assert found.changes == [] and found.notes == []
    kinds = {"encoders": 2, "cards": 2, "manifests": 2, "results": 2}
    assert found.checked == kinds | {"tables": 1, "published tables": 1}


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def edit_accuracy(path):
    result = json.loads(path.read_text())
    result["metrics"]["top1"] += 1
    path.write_text(json.dumps(result))


def edit_manifest(path):
    manifest = Manifest.read(path)
    table = manifest.table.copy()
    table.loc[0, "frames"] = 5
    Manifest(manifest.dataset, manifest.root, table, manifest.classes).write(path)


@pytest.mark.parametrize(
    ("pattern", "change", "sentences"),
    [
        ("pretrain/*/encoder.safetensors", flip, ["SHA-256 differ"]),
        ("pretrain/*/encoder.safetensors", lambda path: path.unlink(), ["encoder that is gone"]),
        ("pretrain/*/card.json", lambda path: path.write_text("{"), ["JSON", "JSON"]),
        ("data/k*/manifest.parquet", edit_manifest, ["not what .* was trained on"]),
        ("data/k*/manifest.parquet", lambda path: path.write_bytes(b""), ["not a manifest"] * 2),
        ("data/u*/world/v2.avi", lambda path: path.unlink(), [r"1 of 4 videos are gone"]),
        ("evaluate/*/*/linear.json", edit_accuracy, ["top1 is 76.0, but", "differs from what"]),
        ("evaluate/*/*/linear.json", lambda path: path.write_text("{}"), ["lacks", "lacks"]),
        ("evaluate/*/*/linear.parquet", lambda path: path.write_bytes(b"PAR1"), ["cannot be read"]),
        ("tables/table5.csv", flip, ["differs from what the results", "not the copy"]),
        ("../table5.md", flip, ["not the copy"]),
    ],
)
def test_each_change_is_named(made, pattern, change, sentences):
    path = one(made, pattern)
    change(path)
    found = changes(made)
    assert len(found) == len(sentences), found
    for sentence, expected in zip(found, sentences, strict=True):
        assert re.search(expected, sentence), found


def test_the_command_fails_if_something_changed(made):
    results, tables, _ = made
    words = ["verify", str(results), "--scale", str(MICRO), "--tables", str(tables)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0 and "0 changed" in done.output
    flip(one(made, "pretrain/*/encoder.safetensors"))
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, FameError) and "1 changed" in done.output


def test_tables_of_an_unknown_scale_are_said_to_be_unchecked(made):
    results, tables, _ = made
    found = verify(results, [], tables)
    assert found.changes == [] and "tables" not in found.checked
    assert len(found.notes) == 1 and "give its file with --scale" in found.notes[0]


def test_another_folder_than_results_is_an_error(tmp_path):
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c" / "log").touch()
    with pytest.raises(FameError, match="there is nothing to check; give the folder"):
        verify(tmp_path, [], tmp_path)


def test_the_results_of_one_scale_are_not_the_folder(made):
    results, tables, _ = made
    with pytest.raises(FameError, match="there is nothing to check"):
        verify(results / "micro", [str(MICRO)], tables)


def test_nothing_to_verify_is_an_error(tmp_path):
    with pytest.raises(FameError, match="there are no results"):
        verify(tmp_path, [], tmp_path)
