"""tests/ mirrors fame/: the test of fame/x/y.py is tests/x/test_y.py."""

import re
from pathlib import Path

from micro_world import ROOT

LARGE = 100
"""Lines from which a module has a test file of its own, unless ELSEWHERE says who tests it."""

ELSEWHERE = {
    "acquire/archives/entries.py": "acquire/archives/test_unpack.py",
    "acquire/archives/guard.py": "acquire/archives/test_unpack.py",
    "acquire/part.py": "acquire/test_dataset.py",
    "augment/masks/common.py": "augment/test_masks.py",
    "augment/masks/fame.py": "augment/test_masks.py",
    "cli/acquire.py": "faults/test_acquisition.py",
    "cli/data.py": "data/test_splits.py",
    "cli/evaluation.py": "cli/test_cli.py",
    "config/datasets.py": "config/test_scale.py",
    "config/evaluation.py": "config/test_reading.py",
    "config/sources.py": "acquire/test_dataset.py",
    "data/annotations.py": "data/test_splits.py",
    "data/synthetic/scenes.py": "data/synthetic/test_world.py",
    "data/synthetic/sprites.py": "data/synthetic/test_world.py",
    "evaluate/features/encode.py": "evaluate/features/test_extract.py",
    "evaluate/features/store.py": "evaluate/features/test_extract.py",
    "evaluate/tasks/activation.py": "evaluate/features/test_activation_maps.py",
    "models/blocks/factorised.py": "models/backbones/test_r2plus1d.py",
    "models/fused_kernels.py": "models/test_fused_norm.py",
    "models/blocks/inception.py": "models/backbones/test_i3d.py",
    "models/pool_kernels.py": "models/test_fused_norm.py",
    "pretext/common.py": "pretext/test_moco.py",
    "report/figures/bias.py": "evaluate/tasks/test_bias.py",
    "report/figures/claims.py": "report/claims/test_judge.py",
    "report/figures/figure2.py": "evaluate/masks/test_examples.py",
    "report/figures/figure4.py": "evaluate/masks/test_examples.py",
    "report/tables/markdown.py": "report/tables/test_build.py",
}
"""Large modules that are tested through what calls them: who does."""

ACROSS = {
    "cli/test_cli.py",  # what holds for all commands
    "cli/test_names.py",  # names in texts that something answers to
    "cli/test_starts.py",  # what no job imports
    "config/test_clips.py",  # the scale for real clips on one GPU
    "config/test_limbs.py",  # the scale of harder worlds against mini
    "config/test_study.py",  # the scale of the registered study against mini
    "config/test_fidelity.py",  # the paper's scale against the release's
    "data/datasets/test_added.py",  # a dataset is added in one file
    "data/datasets/test_official_counts.py",  # every reader on the official lists
    "data/test_splits.py",  # from the lists through the index to the clips
    "evaluate/tasks/test_normalisation.py",  # the tasks refuse each other's features
    "evaluate/test_perfect_and_chance.py",  # every protocol on known features
    "models/backbones/test_every_backbone.py",  # what holds for all architectures
    "models/test_compiled_kernels.py",  # all Triton kernels, for a GPU
    "models/test_new_backbone.py",  # a backbone is added in one file
    "pretext/test_new_method_page.py",  # docs/new_method.md, followed
}
"""Tests in mirrored folders that are of several modules."""

FAME, TESTS = ROOT / "fame", ROOT / "tests"
ROOMS = sorted(path.name for path in FAME.iterdir() if (path / "__init__.py").is_file())


def own_test(module: Path) -> Path:
    """Where the test of a module, given relative to fame/, stands relative to tests/."""
    return module.with_name(f"test_{module.name}")


def large_modules():
    paths = (path for path in FAME.rglob("*.py") if path.name != "__init__.py")
    return [
        path.relative_to(FAME)
        for path in sorted(paths)
        if len(path.read_text().splitlines()) >= LARGE
    ]


def test_every_large_module_has_a_test_file():
    without = [
        str(module) for module in large_modules() if not (TESTS / own_test(module)).is_file()
    ]
    assert sorted(set(without) - set(ELSEWHERE)) == []


def test_modules_that_are_tested_elsewhere_are_there_and_need_it():
    needed = {str(module) for module in large_modules() if not (TESTS / own_test(module)).is_file()}
    assert sorted(set(ELSEWHERE) - needed) == []
    assert [file for file in ELSEWHERE.values() if not (TESTS / file).is_file()] == []


def test_a_test_file_has_the_name_of_its_module():
    files = [path for room in ROOMS for path in (TESTS / room).rglob("test_*.py")]
    strangers = set()
    for file in files:
        path = file.relative_to(TESTS)
        name = re.sub("^test_", "", path.stem)
        module = FAME / path.with_name(f"{name}.py")
        if not module.is_file() and not (module.with_suffix("") / "__init__.py").is_file():
            strangers.add(str(path))
    assert strangers == ACROSS
