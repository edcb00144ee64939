"""The command line: help without torch, one sentence and status 1 for bad input."""

import io
import os
import re
import shutil
import subprocess
import sys

import pytest
import torch
import yaml
from typer.testing import CliRunner

from fame import cli
from fame.cli import FIRST, app, main
from fame.core.errors import FameError
from fame.core.files import write_json

COMMANDS = (
    *("world", "index", "runs", "pretrain", "features", "conditions", "linear", "retrieval"),
    *("finetune", "evaluate", "table", "source"),
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


def test_help_lists_every_command_without_torch():
    code = (
        "import sys; sys.argv = ['fame', '--help-all']\n"
        "from fame.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    for command in COMMANDS:
        assert f" {command} " in done.stdout


def test_help_shows_first_what_people_use_first():
    done = CliRunner().invoke(app, ["--help"])
    shown = re.findall(r"^│ ([a-z][a-z-]*) ", done.stdout, re.M)
    assert sorted(shown) == sorted(name for names in FIRST.values() for name in names)
    assert "--help-all" in done.stdout
    assert CliRunner().invoke(app, []).stdout.count("│ plan ") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    from typer.testing import CliRunner

    from fame.cli import app

    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert "--scale" in done.stdout


def test_an_unknown_scale_is_named_with_the_nearest():
    assert "did you mean 'mini'" in sentence(fame("runs", "--scale", "minni"))


def test_an_unknown_key_is_named_with_its_path(tmp_path, root):
    scale = yaml.safe_load((root / "config" / "scales" / "mini.yaml").read_text())
    scale["pretrain"]["optimiser"]["learning_rate"] = 1
    scale["pretrain"]["methods"]["moco"]["temprature"] = scale["pretrain"]["methods"]["moco"].pop(
        "temperature"
    )
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(scale))
    said = sentence(fame("runs", "--scale", path))
    assert "pretrain.optimiser.learning_rate" in said
    assert "pretrain.methods.moco.temprature; did you mean 'temperature'?" in said


def test_an_unknown_run_is_named(root):
    said = sentence(
        fame("pretrain", "--scale", "mini", "--run", "nothing-s0", "--out", root / "never")
    )
    assert "'nothing-s0'" in said
    assert "fame runs" in said
    assert not (root / "never").exists()


def test_a_missing_manifest_is_named(tmp_path, root):
    from fame.pipeline.experiments import Experiments

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
    lists = tmp_path / "lists" / "ucf101"
    lists.mkdir(parents=True)
    (lists / "classInd.txt").write_text("1 Swing\n")
    (lists / "trainlist01.txt").write_text("Swing/v_Swing_g08_c01.avi 1\n")
    (lists / "testlist01.txt").write_text("Swing/v_Swing_g01_c01.avi\n")
    scale = scale.replace("${FAME_LISTS:-../shared/annotations}", str(lists.parent))
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


def edited(root, folder, name, old, new):
    """The project's tables in a folder, with a text of one replaced everywhere."""
    shutil.copytree(root / "config" / "tables", folder)
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))
    return folder


def test_a_recipe_field_that_does_not_exist_is_named(tmp_path, root):
    tables = edited(root, tmp_path / "tables", "table3.yaml", "recipe: {method:", "recipe: {mthod:")
    said = sentence(fame("runs", "--scale", "mini", "--tables", tables))
    assert "table3.yaml: unknown key rows.0.recipe.mthod; did you mean 'method'?" in said


def test_a_claim_about_a_missing_cell_is_named(tmp_path, root):
    claims, out = tmp_path / "claims.yaml", tmp_path / "claims.csv"
    text = (root / "config" / "claims.yaml").read_text()
    claims.write_text(text.replace("column: ucf101_single", "column: ucf101_singel", 1))
    asked = ("claims", "--scale", "mini", "--claims", claims, "--results", tmp_path, "--out", out)
    said = sentence(fame(*asked))
    assert "claims.yaml: claim t1-ucf101-single-0.7: better: table1 has no column" in said
    assert "'ucf101_singel'; did you mean 'ucf101_single'?" in said
    assert not out.exists()


@pytest.mark.parametrize("command", ["finetune", "figure"])
def test_a_card_that_does_not_match_its_weights_is_named(tmp_path, root, command):
    from fame.pipeline.experiments import Experiments

    run = next(iter(Experiments("mini", root / "config" / "tables").runs))
    encoder = tmp_path / run / "encoder.safetensors"
    out = tmp_path / ("out.json" if command == "finetune" else "out.png")
    encoder.parent.mkdir()
    encoder.write_bytes(b"other weights")
    write_json(encoder.with_name("card.json"), {"run": run, "encoder_sha256": "0" * 64})
    asked = {
        "finetune": ("--scale", "mini", "--run", run, "--manifest", tmp_path, "--encoder", encoder),
        "figure": ("figure3", f"FAME={encoder}"),
    }
    said = sentence(fame(command, *asked[command], "--out", out))
    assert f"{run}/card.json does not describe encoder.safetensors beside it" in said
    assert not list(tmp_path.glob("out.[!w]*")) and not out.exists()  # its empty work folder stays


@pytest.mark.parametrize(
    ("command", "inputs"),
    [
        ("linear", ["--features", "f"]),
        ("retrieval", ["--features", "f"]),
        ("bias", ["--features", "f"]),
    ],
)
def test_work_on_features_takes_one_thread_as_in_the_workflow(command, inputs, monkeypatch):
    found = []
    monkeypatch.setattr(
        f"fame.evaluate.tasks.{command}.run", lambda *given: found.append(torch.get_num_threads())
    )
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        result = CliRunner().invoke(app, [command, "--scale", "mini", *inputs, "--out", "out.json"])
    finally:
        torch.set_num_threads(before)
    assert result.exit_code == 0, result.output
    assert found == [1]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file", "nosuch"), "nosuch could not be read or written"),
        (NotADirectoryError(20, "Not a directory", __file__ + "/x"), "test_cli.py is a file where"),
        (OSError(28, "No space left on device"), "a file could not be .*; free space"),
    ],
)
def test_a_refusal_of_the_system_is_one_sentence(error, said, monkeypatch, capsys):
    def refused():
        raise error

    monkeypatch.setattr("fame.cli.app", refused)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 1
    assert re.fullmatch(f"fame: .*{said}.*\n", capsys.readouterr().err)


def test_an_error_that_names_no_file_is_not_hidden(monkeypatch):
    def broken():
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr("fame.cli.app", broken)
    with pytest.raises(OSError, match="Bad file"):
        main()


def test_closed_outputs_do_not_stop_the_work():
    code = (
        "import sys, fame.cli\n"
        "from tqdm import tqdm\n"
        "def work():\n    print('said')\n    list(tqdm([1], disable=None))\n    sys.exit(3)\n"
        "fame.cli.app = work\n"
        "fame.cli.main()"
    )
    words = ["sh", "-c", 'exec "$0" -c "$1" >&- 2>&-', sys.executable, code]
    assert subprocess.run(words, check=False, timeout=120).returncode == 3


def test_terms_that_are_accepted_for_no_folder_download_nothing():
    done = CliRunner().invoke(app, ["acquire", "ucf101", "--accept-terms"])
    assert isinstance(done.exception, FameError)
    assert "name the folder to download into with --to" in str(done.exception)


def test_a_shard_that_there_is_not_is_refused(tmp_path):
    words = ["prepare", "--scale", "mini", "--data", "ucf101", "--originals", "none"]
    words += ["--shard", "2", "--shards", "2", "--out", str(tmp_path / "o.json")]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, FameError)
    assert "--shard 2: 2 shards are numbered 0 to 1" in str(done.exception)


def test_a_manifest_that_would_overwrite_its_report_is_refused(tmp_path):
    out = str(tmp_path / "quarantine.csv")
    for command in (["index"], ["gather", "--originals", "none", "r.json"]):
        words = [*command, "--scale", "mini", "--data", "ucf101", "--out", out]
        done = CliRunner().invoke(app, words)
        assert isinstance(done.exception, FameError)
        assert "must end in .parquet" in str(done.exception)


@pytest.mark.parametrize(
    ("old", "new"), [("extract", "features"), ("retrieve", "retrieval"), ("provide", "source")]
)
def test_a_renamed_command_says_its_new_name(old, new, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["fame", old, "--scale", "mini"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err == f"fame: `fame {old}` is called `fame {new}` now; use that\n"


def test_a_name_that_is_not_utf8_can_be_printed(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="utf-8"))
    cli.print_any_name()
    print(os.fsdecode(b"\xe9t\xe9.mp4"), flush=True)
    assert written.getvalue() == rb"\udce9t\udce9.mp4" + b"\n"  # as on stderr
