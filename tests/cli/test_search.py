"""`fame embed` and `fame search`, from the command line to the files."""

import shutil
from types import SimpleNamespace

import pytest
from micro_world import MICRO, choose
from small_videos import pictures, write_video
from typer.testing import CliRunner

from fame.cli import app
from fame.core.errors import FameError
from fame.core.files import sha256, write_json
from fame.models import build_encoder
from fame.models.files import save_encoder
from fame.search.library import Library


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a micro run (its true recipe, never trained) and five videos."""
    root = tmp_path_factory.mktemp("place")
    scale, run = choose(MICRO, "moco-fame")
    for seed, name in enumerate((run.id, "other")):
        folder = root / "results" / scale.name / "pretrain" / name
        encoder = folder / "encoder.safetensors"
        save_encoder(encoder, build_encoder(scale.backbones[run.backbone].encoder, seed))
        write_json(
            folder / "card.json",
            {"encoder_sha256": sha256(encoder), "recipe": run.recipe, "scale": scale.name},
        )
    (root / "my [clips]").mkdir()
    for number in range(5):
        write_video(root / "my [clips]" / f"v {number}.avi", pictures(6 + number, seed=number))
    return SimpleNamespace(root=root, run=run.id, clips=root / "my [clips]")


@pytest.fixture
def call(place, tmp_path, root, monkeypatch):
    """Give a command in that place, as `fame.cli.main` does; `{t}` is an empty folder."""
    monkeypatch.chdir(place.root)

    def run(*arguments):
        tables = ("--tables", str(root / "config" / "tables")) if arguments[0] == "embed" else ()
        words = [str(word).replace("{t}", str(tmp_path)) for word in arguments]
        done = CliRunner().invoke(app, [*words, "--threads", "1", *tables])
        said = str(done.exception) if isinstance(done.exception, FameError) else None
        assert done.exception is None or said or done.exit_code == 2, done.exception
        return SimpleNamespace(
            returncode=done.exit_code, stdout=done.stdout, stderr=done.stderr, said=said
        )

    return run


def test_embed_then_search(place, call, tmp_path):
    broken = tmp_path / "broken.avi"
    broken.write_bytes(b"no video")
    done = call(
        *("embed", "my [clips]/*.avi", broken, "--encoder", place.run),
        *("--scale", MICRO, "-o", "{t}/f.parquet", "--clips", "2"),
    )
    assert (done.returncode, done.stdout) == (
        0,
        f"{tmp_path}/f.parquet: 5 videos embedded, 0 kept from before, 1 skipped\n",
    )
    assert f"skipped: {broken}: cannot be decoded" in done.stderr
    assert "video/s" not in done.stderr  # no bar where there is no terminal
    library = Library.read(tmp_path / "f.parquet")
    assert len(library.rows) == 6
    assert library.origin["shown"]["clips"] == 2

    query = place.clips / "v 2.avi"
    done = call("search", query, "--in", "{t}/f.parquet", "-k", "9", "--sheet", "{t}/s.png")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3", "4"]
    assert {line.split("  ")[-1] for line in lines} == {
        str(place.clips / f"v {number}.avi") for number in (0, 1, 3, 4)
    }
    assert "holds no more than these 4" in done.stderr
    assert (tmp_path / "s.png").stat().st_size > 1000
    assert (tmp_path / "s.pdf").exists()

    # A copy is no row of the set: it is encoded anew, and is the original's double.
    copy = shutil.copy(query, tmp_path / "copy.avi")
    done = call("search", copy, "--in", "{t}/f.parquet", "-k", "1", "--no-centre")
    assert done.stdout == f"  1   1.0000  {query}\n"
    done = call("search", query, "--in", "{t}/f.parquet", "-k", "1", "--keep-self")
    assert done.stdout == f"  1   1.0000  {query}\n"

    other = place.root / "results" / "micro" / "pretrain" / "other"
    done = call("search", query, "--in", "{t}/f.parquet", "--encoder", other)
    assert done.returncode == 1
    assert "is not the encoder that made" in done.said


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (("--strict",), "1 of 2 videos were skipped (--strict)"),
        ((), None),
    ],
)
def test_strict_is_the_difference(place, call, tmp_path, extra, said):
    (tmp_path / "broken.avi").write_bytes(b"no video")
    done = call(
        *("embed", "{t}/broken.avi", place.clips / "v 0.avi", "--encoder", place.run),
        *("--scale", MICRO, "-o", "{t}/f.parquet", *extra),
    )
    assert done.returncode == bool(said)
    assert "1 videos embedded, 0 kept from before, 1 skipped" in done.stdout
    assert done.said == said
    assert len(Library.read(tmp_path / "f.parquet").rows) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("embed", "{t}/b.avi"), "none of 1 videos could be used"),
        (("embed", "none*.avi"), "none*.avi: no video file is there"),
        (("search", "{t}/b.avi", "--in", "{t}/none"), "none: no such file; make it with"),
        (("search", "none.avi", "--in", "{t}/none"), "none.avi: no such video"),
        (("search", "{t}/b.avi", "--in", "{t}/b.avi"), "is not what `fame embed` writes"),
        (
            ("embed", "{t}/b.avi", "--encoder", "micro"),
            "micro: neither a file, a folder nor a run of scale micro",
        ),
        (("embed", "{t}/b.avi", "-o", "{t}/f.csv"), "f.csv: the name must end in .parquet"),
        (("embed", "{t}/b.avi", "-o", "{t}"), "is a folder; name a file to write"),
        (("search", "{t}/b.avi", "--in", "x", "--sheet", "s.jpg"), "s.jpg: a sheet is a .png"),
    ],
)
def test_mistakes_are_one_sentence(place, call, tmp_path, arguments, said):
    (tmp_path / "b.avi").write_bytes(b"no video")
    if arguments[0] == "embed":
        encoder = () if "--encoder" in arguments else ("--encoder", place.run)
        out = () if "-o" in arguments else ("-o", "{t}/f.parquet")
        arguments += (*encoder, "--scale", MICRO, *out)
    done = call(*arguments)
    assert done.returncode == 1
    assert said in done.said
    assert "\n" not in done.said
