"""Choices by name and by file."""

import subprocess
import sys

import pytest

from fame.augment import masks
from fame.core import registry
from fame.core.errors import FameError

PACKAGE = "fame.augment.masks"
PLUG_IN = "class Marker: ...\n\ndef mask(clips, beta):\n    return clips * beta\n"


def test_names_are_the_variants_without_the_shared_module():
    assert registry.names(PACKAGE) == ["fame", "gauss", "grid", "seed"]


def test_a_name_gives_the_function():
    from fame.augment.masks import seed

    assert registry.load(PACKAGE, "seed", "mask") is seed.mask
    assert masks.get("seed") is seed.mask
    assert masks.get("seed", "soft_map") is seed.soft_map


@pytest.mark.parametrize(("wrong", "near"), [("fam", "fame"), ("Grid", "grid"), ("sede", "seed")])
def test_a_wrong_name_suggests_the_nearest(wrong, near):
    with pytest.raises(FameError, match=f"'{wrong}'.*did you mean '{near}'"):
        masks.get(wrong)


@pytest.mark.parametrize("wrong", ["common", "__init__", "", "../merge"])
def test_what_is_no_choice_is_refused(wrong):
    with pytest.raises(FameError, match="Choose one of fame, gauss, grid, seed"):
        masks.get(wrong)


def test_a_file_is_a_plug_in_and_is_loaded_once(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(PLUG_IN)
    assert masks.get(str(file))(3, 0.5) == 1.5
    marker = registry.load(PACKAGE, str(file), "Marker")
    assert registry.load(PACKAGE, str(file), "Marker") is marker


def test_files_of_the_same_name_do_not_mix(tmp_path):
    for value in (1, 2):
        folder = tmp_path / str(value)
        folder.mkdir()
        (folder / "mine.py").write_text(f"VALUE = {value}\n")
        assert registry.load(PACKAGE, str(folder / "mine.py"), "VALUE") == value


def test_a_missing_file_and_a_missing_attribute_are_named(tmp_path):
    with pytest.raises(FameError, match="no plug-in file"):
        masks.get(str(tmp_path / "absent.py"))
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(FameError, match="does not define 'mask'"):
        masks.get(str(tmp_path / "empty.py"))


def test_a_broken_plug_in_fails_every_time(tmp_path):
    file = tmp_path / "broken.py"
    file.write_text("raise RuntimeError('broken')\n")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="broken"):
            masks.get(str(file))


def test_listing_the_choices_does_not_import_torch(root):
    code = (
        "import sys; from fame.core import registry; import fame.config.views\n"
        f"assert registry.names('{PACKAGE}'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_a_literal_is_read_without_importing_its_package(root):
    code = (
        "import sys; from fame.core import registry\n"
        "assert registry.declared('fame.data.datasets', 'hmdb51', 'OFFICIAL_SPLITS', None) == 3\n"
        "assert registry.declared('fame.data.datasets', 'hmdb51', 'NOTHING', 7) == 7\n"
        "assert 'fame.data.datasets' not in sys.modules and 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
