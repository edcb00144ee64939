"""Figures: read from their files without running them, and possible where their input is."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from changed_scale import with_all_rows
from micro_world import ROOT

from fame.config.reading import SCALES, load_scale
from fame.core.errors import FameError
from fame.pipeline import figures
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import PACKAGE, Figure, declared, possible, read, sources

TABLES = ROOT / "config" / "tables"


@pytest.fixture(scope="module")
def mini():
    return Experiments("mini", TABLES)


@pytest.mark.parametrize("name", list(declared()))
def test_what_is_read_is_what_the_file_declares(name):
    assert declared()[name] == importlib.import_module(f"{PACKAGE}.{name}").FIGURE


def test_they_are_read_without_matplotlib():
    code = "import sys; from fame.pipeline.figures import declared; declared();"
    code += " sys.exit('matplotlib' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("figure", declared().values(), ids=declared())
@pytest.mark.parametrize("scale", ["mini", "paper"])
def test_they_depend_on_settings_that_scales_have(figure, scale):
    settings = load_scale(scale)
    assert len(figure.texts(settings)) == len(figure.settings)


def test_no_title_stands_anywhere_else():
    files = [path for folder in ("fame", "workflow") for path in (ROOT / folder).rglob("*.*")]
    texts = [path.read_text() for path in files if path.suffix in {".py", ".smk", ".rst", ".j2"}]
    for figure in declared().values():
        if figure.in_paper:
            assert sum(text.count(f'"{figure.title}"') for text in texts) == 1, figure.title


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", r"toy\.py: declares no `FIGURE = Figure\(\.\.\.\)`"),
        ("FIGURE = 3", r"toy\.py: FIGURE cannot be read \(it is no call of Figure\)"),
        ("FIGURE = Figure(title=NAME)", r"toy\.py: FIGURE cannot be read \(malformed node"),
        ("FIGURE = Figure(title='A')", r"FIGURE cannot be read \(.*missing 3 required .*'caption'"),
        ("FIGURE = Figure(titel='A')", r"FIGURE cannot be read \(.*unexpected keyword .*'titel'"),
        (
            "FIGURE = Figure(title='A', caption='', alt='', needs='activation map')",
            "there is no 'activation map' to draw a figure from; did you mean 'activation maps'",
        ),
    ],
)
def test_a_wrong_declaration_is_named(tmp_path, text, sentence):
    (tmp_path / "toy.py").write_text(text)
    with pytest.raises(FameError, match=sentence):
        read(tmp_path / "toy.py")


def test_a_declaration_by_place_and_by_name(tmp_path):
    (tmp_path / "toy.py").write_text(
        "import nothing_of_that_name\n"
        'FIGURE = Figure("A", "B", "C", needs="results", measured=False)'
    )
    assert read(tmp_path / "toy.py") == Figure("A", "B", "C", "results", measured=False)
    assert read(tmp_path / "toy.py").suffixes == (".png", ".pdf")


def test_mini_can_make_them_all_and_real_videos_have_no_mask_quality(mini):
    ours = [name for name in declared() if name != "reliance"]
    assert possible(mini) == ours
    paper = Experiments("paper", TABLES)
    assert possible(paper) == [name for name in ours if name != "mask_quality"]


def test_the_comparisons_figure_is_drawn_by_its_target_or_where_all_rows_are_measured(tmp_path):
    everything = Experiments(str(with_all_rows(tmp_path)), TABLES)
    assert possible(everything) == list(declared())
    for given in (everything, Experiments("mini", TABLES)):
        assert figures.of_comparison(given) == ["reliance"]


def test_the_comparisons_figure_is_drawn_from_the_probes_of_each_encoder_once(mini):
    found = figures.sources(mini, "reliance")
    files = [file for paths in found.values() for file in paths]
    assert len(files) == len(set(files)) == 2 * len(mini.comparison_runs)
    assert {file.name for file in files} == {"bias.json"}
    assert {file.parent.name.split("-")[0] for file in files} == {"ucf101", "hmdb51"}
    assert {len(paths) for paths in found.values()} == {2 * len(mini.scale.seeds)}
    assert "Pace Prediction, R(2+1)D-10, 8 wide" in found


def test_the_files_of_some_suffixes(mini):
    numbers = figures.files(mini, ".csv")
    assert numbers == [f"{name}.csv" for name in possible(mini) if declared()[name].measured]
    assert len(figures.files(mini, ".png", ".pdf")) == 2 * len(possible(mini))


def test_figures_are_drawn_from_a_file_for_each_seed(mini):
    seeds = len(mini.scale.seeds)
    maps = sources(mini, "figure1")
    assert len(maps) == 3
    for arm, files in zip(mini.arms("figure1"), maps.values(), strict=True):
        assert files == [
            Path(f"evaluate/{run.id}/ucf101-w{run.seed}/activation.npz") for run in arm.runs
        ]
        assert len(files) == seeds
    assert all(len(files) == 2 * seeds for files in sources(mini, "bias").values())
    assert len(sources(mini, "mask_quality")["ucf101"]) == seeds
    assert sources(mini, "figure2") == {
        "kinetics400": [Path("data/kinetics400-w0/training_pair.npz")]
    }
    assert sources(mini, "figure4") == {"ucf101": [Path("data/ucf101-w0/masked_clips.npz")]}


def test_only_encoders_with_temporal_kernels_are_compared_by_them(mini, monkeypatch):
    every = [path for files in sources(mini, "figure3").values() for path in files]
    assert len(every) == 3 * len(mini.scale.seeds)
    assert all(path.name == "encoder.safetensors" for path in every)
    arms = mini.arms("figure3")
    i3d = next(run for run in mini.runs.values() if run.backbone == "i3d")
    other = type(arms[0])("other", "Other", (i3d,))
    monkeypatch.setattr(mini, "arms", lambda name: [*arms, other])
    assert "Other" not in sources(mini, "figure3")


def test_claims_are_about_the_projects_own_tables(tmp_path):
    for file in TABLES.glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text())
    copied = Experiments("mini", tmp_path)
    assert sources(copied, "claims") == {}
    assert "claims" not in possible(copied)


def test_a_folder_without_a_figures_file_has_no_figures(tmp_path):
    (tmp_path / "table5.yaml").write_text((TABLES / "table5.yaml").read_text())
    assert possible(Experiments("mini", tmp_path)) == []


def test_a_figure_that_the_figures_file_leaves_out_is_not_made(tmp_path):
    for file in TABLES.glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text())
    content = yaml.safe_load((TABLES / "figures.yaml").read_text())
    del content["figure3"]
    (tmp_path / "figures.yaml").write_text(yaml.safe_dump(content))
    assert "figure3" not in possible(Experiments("mini", tmp_path))


def test_an_unknown_figure_is_named(mini):
    with pytest.raises(FameError, match=r"There is no 'figur1'.*did you mean 'figure1'"):
        sources(mini, "figur1")


def test_asking_for_absent_weights_gives_their_sentence(mini, monkeypatch):
    def absent(name):
        raise figures.AbsentEncoder("gone.pth: no such encoder")

    monkeypatch.setattr(mini, "arms", absent)
    assert "figure1" in possible(mini)
    with pytest.raises(FameError, match="no such encoder"):
        sources(mini, "figure1")


def test_own_tables_are_those_beside_the_scales():
    assert SCALES.with_name("tables") == TABLES
