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


def package(place, points, name="tiny", module="def mask(clips, beta):\n    return clips\n"):
    """What pip leaves of a package: a module and its metadata."""
    (place / f"{name}_masks").mkdir(parents=True)
    (place / f"{name}_masks" / "__init__.py").touch()
    (place / f"{name}_masks" / "left.py").write_text(module)
    info = place / f"{name}-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    lines = [f"{key} = {value}" for key, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{PACKAGE}]", *lines]) + "\n")


def test_an_installed_package_adds_a_choice(tmp_path, monkeypatch):
    package(tmp_path, {"left": "tiny_masks.left"})
    assert registry.installed(PACKAGE) == {}
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = registry.installed(PACKAGE).values()
    assert (found.owner, found.file) == ("tiny 1.5", tmp_path / "tiny_masks" / "left.py")
    assert registry.names(PACKAGE) == ["fame", "gauss", "grid", "left", "seed"]
    assert registry.built_in(PACKAGE) == ["fame", "gauss", "grid", "seed"]
    assert registry.source_of(PACKAGE, "left") == found.file
    assert "tiny_masks.left" not in sys.modules  # listed without running it
    assert masks.get("left")(3, 0.5) == 3
    assert registry.is_foreign(PACKAGE, "left") and not registry.is_foreign(PACKAGE, "seed")
    assert registry.installed("fame.evaluate.tasks") == {}
    monkeypatch.undo()
    assert registry.names(PACKAGE) == ["fame", "gauss", "grid", "seed"]


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        (
            {"seed": "tiny_masks.left"},
            r"^tiny 1\.5 offers 'seed' in .*, which fame\.augment\.masks",
        ),
        ({"my-mask": "tiny_masks.left"}, r"^tiny 1\.5: 'my-mask' in .* must be a plain word"),
        ({"left": "tiny_masks.gone"}, r"^tiny 1\.5: its entry point left = .* names no module"),
        ({"left": "absent.left"}, r"^tiny 1\.5: its entry point left = absent\.left names no"),
        ({"left": "tiny_masks.left:mask"}, r"names no module; correct it"),
    ],
)
def test_what_a_package_offers_wrongly_is_refused(tmp_path, monkeypatch, points, sentence):
    package(tmp_path, points)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(FameError, match=sentence):
        registry.names(PACKAGE)


def test_two_packages_cannot_offer_one_name(tmp_path, monkeypatch):
    for name in ("tiny", "small"):
        package(tmp_path / name, {"left": f"{name}_masks.left"}, name)
        monkeypatch.syspath_prepend(tmp_path / name)
    with pytest.raises(
        FameError, match=r"offers 'left' in .*, which (tiny|small) 1\.5 has already"
    ):
        registry.names(PACKAGE)


def test_a_package_that_cannot_be_imported_is_named(tmp_path, monkeypatch):
    package(tmp_path, {"left": "tiny_masks.left"}, module="import nowhere_to_be_found\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tiny_masks", raising=False)
    monkeypatch.delitem(sys.modules, "tiny_masks.left", raising=False)
    with pytest.raises(FameError, match=r"'left' of tiny 1\.5 cannot be imported .*mend the pack"):
        masks.get("left")
