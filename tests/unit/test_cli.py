"""The command line: help without torch, one sentence and status 1 for bad input."""

import subprocess
import sys

import pytest
import yaml

VERBS = (
    *("world", "index", "runs", "pretrain", "extract", "linear", "retrieve", "finetune"),
    *("evaluate", "table", "provide"),
)


def fame(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "fame", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def sentence(done):
    """The one line that a failed command prints."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def test_help_lists_every_verb_without_torch():
    code = (
        "import sys; sys.argv = ['fame', '--help']\n"
        "from fame.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    for verb in VERBS:
        assert f" {verb} " in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb):
    from typer.testing import CliRunner

    from fame.cli import app

    done = CliRunner().invoke(app, [verb, "--help"])
    assert done.exit_code == 0
    assert "--scale" in done.stdout


def test_an_unknown_scale_is_named_with_the_nearest():
    assert "did you mean 'mini'" in sentence(fame("runs", "--scale", "minni"))


def test_an_unknown_key_is_named_with_its_path(tmp_path, root):
    scale = yaml.safe_load((root / "config" / "scales" / "mini.yaml").read_text())
    scale["pretrain"]["optimiser"]["learning_rate"] = 1
    scale["pretrain"]["moco"]["temprature"] = scale["pretrain"]["moco"].pop("temperature")
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(scale))
    said = sentence(fame("runs", "--scale", path))
    assert "pretrain.optimiser.learning_rate" in said
    assert "pretrain.moco.temprature; did you mean 'temperature'?" in said


def test_an_unknown_run_is_named(root):
    said = sentence(
        fame("pretrain", "--scale", "mini", "--run", "nothing-s0", "--out", root / "never")
    )
    assert "'nothing-s0'" in said
    assert "fame runs" in said
    assert not (root / "never").exists()


def test_a_missing_manifest_is_named(tmp_path, root):
    from fame.experiments import Experiments

    runs = Experiments("mini", root / "config" / "tables").runs
    run = next(name for name in runs if name.startswith("moco"))
    manifest = tmp_path / "none.parquet"
    said = sentence(
        fame(
            *("pretrain", "--scale", "mini", "--run", run),
            *("--manifest", manifest, "--out", tmp_path / "run"),
        )
    )
    assert "none.parquet" in said


def test_a_dataset_whose_root_is_missing_is_named(tmp_path, root):
    scale = (root / "config" / "examples" / "real_clips.yaml").read_text()
    path = tmp_path / "own.yaml"
    path.write_text(scale.replace("${FAME_CLIPS:-../shared/videos}", str(tmp_path / "nowhere")))
    out = tmp_path / "manifest.parquet"
    said = sentence(fame("index", "--scale", path, "--data", "ucf101", "--out", out))
    assert "nowhere" in said
    assert not out.exists()


def test_an_unset_variable_in_a_path_is_named(tmp_path, root):
    scale = (root / "config" / "examples" / "real_clips.yaml").read_text()
    path = tmp_path / "own.yaml"
    path.write_text(scale.replace("${FAME_CLIPS:-../shared/videos}", "$FAME_NO_SUCH_VARIABLE"))
    out = tmp_path / "manifest.parquet"
    said = sentence(fame("index", "--scale", path, "--data", "ucf101", "--out", out))
    assert "FAME_NO_SUCH_VARIABLE" in said
