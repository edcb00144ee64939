"""Archives of every kind, honest, hostile and broken."""

import io
import random
import shutil
import stat
import subprocess
import tarfile
import zipfile
import zlib

import pytest
import rarfile
from hypothesis import given, settings
from hypothesis import strategies as st
from rar_writer import entry, folder, link, rar

from fame.acquire.archives import unpack as unpacking
from fame.acquire.archives.unpack import Job, unpack
from fame.config.sources import Limits
from fame.core.errors import FameError

LIMITS = Limits(bytes=10_000, files=20, ratio=50)
FILES = {"a/one.avi": b"1" * 700, "a/deep er/t(w)o#&!.avi": b"22" * 400, "three.avi": b""}
KINDS = ("zip", "tar", "tar.gz", "rar")


def pack(kind, path, files):
    """Write an honest archive; returns its kind for `Job`."""
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    elif kind == "rar":
        path.write_bytes(rar([entry(name, content) for name, content in files.items()]))
    else:
        with tarfile.open(path, "w:gz" if kind == "tar.gz" else "w") as archive:
            for name, content in files.items():
                archive.addfile(tar_info(name, len(content)), io.BytesIO(content))
    return kind.removesuffix(".gz")


def tar_info(name, size=0, **more):
    info = tarfile.TarInfo(name)
    info.size = size
    for key, value in more.items():
        setattr(info, key, value)
    return info


@pytest.fixture
def job(tmp_path):
    def make(kind, files=None, limits=LIMITS, **more):
        path = tmp_path / "archive"
        if files is not None:
            kind = pack(kind, path, files)
        place = more.pop("place", str)
        return Job(path, kind, tmp_path / "to", tmp_path / "draft", place, limits, **more)

    return make


def tree(folder):
    if not folder.exists():
        return {}
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def refusal(job):
    with pytest.raises(FameError) as caught:
        unpack(job)
    assert tree(job.to) == {}
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_files_and_again_nothing_new(job, kind):
    todo = job(kind, FILES)
    assert set(unpack(todo).files) == set(FILES)
    assert tree(todo.to) == FILES
    assert not todo.draft.exists()
    before = {path: path.stat().st_mtime_ns for path in todo.to.rglob("*")}
    unpack(todo)
    assert {path: path.stat().st_mtime_ns for path in todo.to.rglob("*")} == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("step", ["copy_member", "_move"])
def test_an_interrupted_extraction_is_finished(job, monkeypatch, kind, after, step):
    todo, real, calls = job(kind, FILES), getattr(unpacking, step), []

    def dying(*arguments):
        if len(calls) == after:
            raise KeyboardInterrupt
        calls.append(arguments)
        real(*arguments)

    monkeypatch.setattr(unpacking, step, dying)
    with pytest.raises(KeyboardInterrupt):
        unpack(todo)
    if step == "copy_member":
        assert tree(todo.to) == {}
    again = []
    monkeypatch.setattr(unpacking, step, lambda *a: (again.append(a), real(*a)))
    unpack(todo)
    assert tree(todo.to) == FILES
    if step == "copy_member":  # what was written is not written again
        assert len(again) == len(FILES) - after


def test_a_half_written_file_is_written_again(job):
    todo = job("zip", FILES)
    (todo.draft / "a").mkdir(parents=True)
    (todo.draft / "a/one.avi").write_bytes(b"1" * 300)
    unpack(todo)
    assert tree(todo.to) == FILES


def test_places_rename_and_leave_behind_and_noise_is_left(job):
    noise = {"__MACOSX/a/._one.avi": b"x", ".DS_Store": b"x", "a/notes.txt": b"x"}
    place = lambda path: path.name if path.suffix == ".avi" else None  # noqa: E731
    todo = job("zip", FILES | noise, place=place)
    contents = unpack(todo)
    assert set(tree(todo.to)) == {"one.avi", "t(w)o#&!.avi", "three.avi"}
    assert set(contents.left) == set(noise)


def test_places_that_collide_are_refused(job):
    assert "two files that would both be x.avi" in refusal(
        job("zip", FILES, place=lambda _: "x.avi")
    )


def test_a_different_file_in_the_way_stays_unless_it_is_replaced(job):
    todo = job("zip", FILES)
    todo.to.mkdir()
    (todo.to / "three.avi").write_bytes(b"mine")
    with pytest.raises(FameError, match="already exists and differs"):
        unpack(todo)
    assert tree(todo.to) == {"three.avi": b"mine"}
    unpack(job("zip", replaces=True))
    assert tree(todo.to) == FILES


HOSTILE_NAMES = {
    "../up.avi": "leads out",
    "a/../../up.avi": "leads out",
    "a/..": "leads out",
    "/etc/up.avi": "absolute",
    "//host/up.avi": "absolute",
    "C:/up.avi": "absolute",
    "c:up.avi": "absolute",
    "a\\..\\up.avi": "characters",
    "a\nb.avi": "characters",
    "a\x1b[2J.avi": "characters",
    "./": None,  # a folder, in every kind
    "é" * 200 + ".avi": "too long",
    "a/" * 600 + "b.avi": "too long",
}


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "rar"])
@pytest.mark.parametrize("name", [name for name, words in HOSTILE_NAMES.items() if words])
def test_names_that_lead_elsewhere_are_refused(job, tmp_path, kind, name):
    if kind == "rar" and "\\" in name:
        pytest.skip("rarfile takes a backslash for RAR's own separator, a slash")
    message = refusal(job(kind, {"fine.avi": b"x", name: b"x"}))
    assert HOSTILE_NAMES[name] in message
    assert "\x1b" not in message
    assert {path.name for path in tmp_path.iterdir()} <= {"archive", "draft"}


def test_backslashes_in_a_rar_cannot_lead_out_either(job):
    assert "leads out" in refusal(job("rar", {"a\\..\\..\\up.avi": b"x"}))


def test_a_nul_in_a_zip_name_is_not_a_way_to_another_suffix(job):
    todo = job("zip", {"a.exe?.avi": b"x"})
    todo.archive.write_bytes(todo.archive.read_bytes().replace(b"a.exe?", b"a.exe\x00"))
    assert "characters" in refusal(todo)


@pytest.mark.parametrize("kind", ["zip", "tar", "rar"])
def test_a_file_twice_is_refused(job, kind):
    todo = job(kind, {"x.avi": b"1", "y.avi": b"2"})
    content = todo.archive.read_bytes().replace(b"y.avi", b"x.avi")
    if kind == "tar":
        content = two_entries(tar_info("x.avi", 1), tar_info("x.avi", 1))
    if kind == "rar":
        content = rar([entry("x.avi", b"1"), entry("x.avi", b"2")])
    todo.archive.write_bytes(content)
    assert "there twice" in refusal(todo)


def two_entries(*infos):
    """A tar of entries of one byte, or none."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for info in infos:
            archive.addfile(info, io.BytesIO(b"x" * info.size))
    return out.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("A/x.avi", "a/X.avi"), "case only"),
        (("a", "a/x.avi"), "file and a folder"),
        (("a/x.avi", "a"), "file and a folder"),
        (("a/b/x.avi", "A/B"), "file and a folder"),
    ],
)
def test_names_that_collide_on_some_disks_are_refused(job, kind, names, words):
    assert words in refusal(job(kind, dict.fromkeys(names, b"x")))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../up", "three.avi"])
def test_links_are_refused_wherever_they_point(job, target):
    todo = job("tar")
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        info = tar_info("link.avi", type=kind, linkname=target)
        todo.archive.write_bytes(two_entries(tar_info("three.avi", 1), info))
        assert "is a link" in refusal(todo)
    rar_job, zip_job = job("rar"), job("zip")
    rar_job.archive.write_bytes(rar([entry("three.avi", b"x"), link("link.avi", target)]))
    assert "is a link" in refusal(rar_job)
    with zipfile.ZipFile(zip_job.archive, "w") as archive:
        info = zipfile.ZipInfo("link.avi")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, target)
    assert "is a link" in refusal(zip_job)


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_refused(job, kind):
    todo = job("tar")
    todo.archive.write_bytes(two_entries(tar_info("dev.avi", type=kind, devmajor=1, devminor=3)))
    assert "neither a file nor a folder" in refusal(todo)


def test_devices_in_a_zip_are_refused(job):
    todo = job("zip")
    with zipfile.ZipFile(todo.archive, "w") as archive:
        info = zipfile.ZipInfo("dev.avi")
        info.external_attr = (stat.S_IFCHR | 0o666) << 16
        archive.writestr(info, b"")
    assert "neither a file nor a folder" in refusal(todo)


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "rar"])
def test_bombs_are_refused(job, kind):
    many = {f"{number}.avi": b"x" for number in range(21)}
    assert "20 files" in refusal(job(kind, many))
    big = {f"{number}.avi": random.Random(number).randbytes(4000) for number in range(3)}
    assert "exceeds the 10 kB" in refusal(job(kind, big))
    if kind != "rar":  # what is stored does not swell
        flat = {"a.avi": b"0" * 9_990}
        assert "50 times" in refusal(job(kind, flat, Limits(bytes=10_000, files=1, ratio=50)))


def test_a_bomb_is_refused_before_it_is_unpacked(job, monkeypatch):
    todo = job("tar")
    todo.archive.write_bytes(tar_info("a.avi", 2**40).tobuf() + b"0" * 1024)
    monkeypatch.setattr(unpacking, "copy_member", None)
    assert "exceeds the 10 kB" in refusal(todo)


def test_sizes_that_lie_are_found_out(job):
    todo = job("zip", {"a.avi": b"x" * 900})
    honest = todo.archive.read_bytes()
    for lie in (100, 2000):
        size = (900).to_bytes(4, "little")
        todo.archive.write_bytes(honest.replace(size, lie.to_bytes(4, "little")))
        assert "damaged" in refusal(todo)
    todo = job("rar")
    todo.archive.write_bytes(rar([entry("a.avi", b"x" * 900, size=2000)]))
    assert "damaged" in refusal(todo)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_archive_is_named(job, kind):
    noise = {f"{n}.avi": random.Random(n).randbytes(900) for n in range(5)}
    todo = job(kind, noise)
    whole = todo.archive.read_bytes()
    for cut in (0, 10, len(whole) // 2):
        todo.archive.write_bytes(whole[:cut])
        message = refusal(todo)
        assert str(todo.archive) in message
        assert "damaged" in message
        assert "\n" not in message


@settings(max_examples=60)
@given(st.sampled_from(KINDS), st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_bits_that_flip_never_crash_and_never_write_outside(tmp_path_factory, kind, where, noise):
    place = tmp_path_factory.mktemp("flip")
    path = place / "archive"
    kind = pack(kind, path, FILES)
    content = bytearray(path.read_bytes())
    where %= len(content)
    content[where : where + len(noise)] = noise
    path.write_bytes(content)
    try:
        unpack(Job(path, kind, place / "to", place / "draft", str, LIMITS))
    except FameError as error:
        assert "\n" not in str(error)
        assert tree(place / "to") == {}
    assert {entry.name for entry in place.iterdir()} <= {"archive", "to", "draft"}


def test_a_wrong_crc_is_found_in_every_kind_that_has_one(job):
    todo = job("rar")
    todo.archive.write_bytes(rar([entry("a.avi", b"hello", crc=1)]))
    assert "damaged" in refusal(todo)
    todo = job("zip", {"a.avi": b"hello"})
    content = todo.archive.read_bytes()
    good = zlib.crc32(b"hello").to_bytes(4, "little")
    todo.archive.write_bytes(content.replace(good, b"\0\0\0\1"))
    assert "damaged" in refusal(todo)


COMPRESSED = [folder("a"), entry("a/x.avi", b"\x01\x02\x03", method=0x33, size=900)]


@pytest.fixture
def tools(monkeypatch):
    """Choose what rarfile finds installed: its own list of configurations."""

    def choose(*configs):
        monkeypatch.setattr(rarfile, "CURRENT_SETUP", None)
        names = ("UNRAR", "UNAR", "SEVENZIP", "SEVENZIP2", "BSDTAR")
        for name, config in zip(names, configs, strict=False):
            monkeypatch.setattr(rarfile, f"{name}_CONFIG", config)

    return choose


def tool(command):
    """A rarfile configuration with one shell command as extractor."""
    call = ("SH_TOOL", "-c", command)
    return {
        "open_cmd": call,
        "check_cmd": ("SH_TOOL", "-c", "true"),
        "password": None,
        "no_password": (),
        "errmap": [None, rarfile.RarWarning, rarfile.RarFatalError, rarfile.RarCRCError],
    }


@pytest.fixture
def compressed(job):
    todo = job("rar")
    todo.archive.write_bytes(rar(COMPRESSED))
    return todo


def test_a_compressed_rar_without_an_extractor_says_what_to_install(compressed, monkeypatch):
    monkeypatch.setattr(rarfile, "CURRENT_SETUP", None)
    for name in ("UNRAR", "UNAR", "LSAR", "SEVENZIP", "SEVENZIP2", "BSDTAR"):
        monkeypatch.setattr(rarfile, f"{name}_TOOL", "no-such-program", raising=False)
    assert "install unrar, unar, 7z or bsdtar" in refusal(compressed)


def test_a_stored_rar_needs_no_extractor(job, monkeypatch):
    monkeypatch.setattr(rarfile, "tool_setup", None)
    todo = job("rar", FILES)
    unpack(todo)
    assert tree(todo.to) == FILES


@pytest.mark.parametrize("output", ["", "printf abc;"])
@pytest.mark.parametrize("status", [1, 2, 3, 77])
def test_an_extractor_that_fails_is_named(compressed, tools, monkeypatch, output, status):
    monkeypatch.setattr(rarfile, "SH_TOOL", "sh", raising=False)
    tools(*[tool(f"{output} exit {status}")] * 5)
    assert "damaged" in refusal(compressed)


def test_an_extractor_that_is_killed_is_named(compressed, tools, monkeypatch):
    monkeypatch.setattr(rarfile, "SH_TOOL", "sh", raising=False)
    tools(*[tool("kill -9 $$")] * 5)
    assert "damaged" in refusal(compressed)


def test_a_solid_rar_is_refused_with_the_way_out(job, tools, monkeypatch):
    monkeypatch.setattr(rarfile, "SH_TOOL", "sh", raising=False)
    tools(*[tool("true")] * 5)
    todo = job("rar")
    packed = [entry(f"{n}.avi", b"123", method=0x33, size=9, flags=0x10) for n in range(2)]
    todo.archive.write_bytes(rar(packed, solid=True))
    assert "solid RAR" in refusal(todo)


def test_passwords_are_refused(job):
    todo = job("rar")
    todo.archive.write_bytes(rar([entry("a.avi", b"x", flags=0x4)]))
    assert "password" in refusal(todo)
    todo = job("zip", {"a.avi": b"x" * 10})
    content = bytearray(todo.archive.read_bytes())
    central = content.index(b"PK\x01\x02")
    content[6] |= 1
    content[central + 8] |= 1
    todo.archive.write_bytes(content)
    assert "encrypted" in refusal(todo)


@pytest.mark.parametrize("program", ["lsar", "bsdtar"])
def test_our_hand_written_rars_are_real_ones(job, program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    todo = job("rar", FILES)
    arguments = ["-tf"] if program == "bsdtar" else []
    listed = subprocess.run(
        [program, *arguments, todo.archive], capture_output=True, text=True, check=False
    )
    assert all(name in listed.stdout for name in FILES)
