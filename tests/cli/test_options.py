"""Which folder of tables a command takes if none is named, and what --out may be."""

from pathlib import Path

import pytest

from fame.cli.options import check_out, tables_folder
from fame.core.errors import FameError


def test_the_tables_are_found_from_anywhere(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tables_folder() == root / "config" / "tables"


def test_tables_in_the_working_folder_come_first(tmp_path, monkeypatch):
    (tmp_path / "config" / "tables").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert tables_folder() == Path("config") / "tables"


def test_only_files_of_the_kind_that_is_written_are_taken(tmp_path):
    check_out(tmp_path / "a.json", ".json")
    check_out(tmp_path / "a.JSON", ".json", inputs=[None, tmp_path / "a.npz"])
    for name in ("a.parquet", "a", "a.json.gz"):
        with pytest.raises(FameError, match=r"must end in \.json; choose another"):
            check_out(tmp_path / name, ".json")


def test_an_input_is_not_replaced_by_whatever_name(tmp_path, monkeypatch):
    given = tmp_path / "given.json"
    given.touch()
    (tmp_path / "link.json").symlink_to(given)
    monkeypatch.chdir(tmp_path)
    for name in (given, tmp_path / "link.json", given.relative_to(tmp_path)):
        with pytest.raises(FameError, match="is an input and would be overwritten"):
            check_out(name, ".json", inputs=[None, given])


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(FameError, match=r"a\.json is a folder; name a file"):
        check_out(tmp_path / "a.json", ".json")
