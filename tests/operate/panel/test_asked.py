"""The user's command over the exec, and paths as the user can open them."""

from pathlib import Path

from fame.operate.panel.asked import Asked


def test_it_is_kept_in_the_environment(monkeypatch):
    monkeypatch.setenv("FAME_ASKED", "{}")
    assert Asked.from_environment() == Asked("fame run", "fame run {}", "")
    asked = Asked("fame run table5 --scale 'a b'", "fame run {} --scale 'a b'", "/here")
    asked.to_environment()
    assert Asked.from_environment() == asked
    assert asked.one("results/a b.csv") == "fame run 'results/a b.csv' --scale 'a b'"


def test_a_path_is_whole_for_a_user_in_another_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Asked(place=str(tmp_path)).seen("results/a.log") == "results/a.log"
    assert Asked().seen("results/a.log") == "results/a.log"
    assert Asked(place="/elsewhere").seen("results/a.log") == str(Path("results/a.log").absolute())
