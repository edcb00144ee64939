"""Which folder of tables a verb takes if none is named."""

from pathlib import Path

from fame.cli.options import _tables


def test_the_tables_are_found_from_anywhere(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _tables() == root / "config" / "tables"


def test_tables_in_the_working_folder_come_first(tmp_path, monkeypatch):
    (tmp_path / "config" / "tables").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert _tables() == Path("config") / "tables"
