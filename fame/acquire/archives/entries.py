"""Archives as streams of entries: zip, tar (compressed or not) and RAR.

Nothing here writes to the disk; the caller decides what to do with an entry. A tar is read in one
pass, so an entry must be used before the next one is requested.
"""

import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from fame.core.errors import FameError

TOOLS = "unrar, unar, 7z or bsdtar"


@dataclass(frozen=True)
class Member:
    """An entry of an archive.

    Attributes:
        name: its name in the archive.
        size: unpacked size in bytes, as the archive declares it.
        kind: `link` is a symbolic or hard link; `other` is a device, a pipe or similar.
        open: opens the content of a file.
    """

    name: str
    size: int
    kind: Literal["file", "folder", "link", "other"]
    open: Callable[[], IO[bytes]]


def _no_content() -> IO[bytes]:
    """The `open` of an entry without content."""
    raise ValueError("only files are opened")


def members(archive: Path, kind: str) -> Iterator[Member]:
    """The entries of an archive, in order.

    Args:
        archive: the file.
        kind: "zip", "tar" or "rar"; or "file", a single file that counts as its only entry.

    Raises:
        FameError: the archive is damaged, needs a password, or needs a tool that is not installed.
    """
    readers = {"file": _file, "zip": _zip, "tar": _tar, "rar": _rar}
    with reading(archive):
        yield from readers[kind](archive)


@contextmanager
def reading(archive: Path, entry: str = "") -> Iterator[None]:
    """Turn the errors of a damaged archive or a failing extractor into one sentence."""
    import rarfile

    where = f"{archive}, entry {entry!a}" if entry else str(archive)
    again = "delete the archive and rerun the same command to get a whole one"
    try:
        yield
    except rarfile.RarCannotExec:
        raise FameError(
            f"{where} is compressed and no program that unpacks RAR is installed; install {TOOLS} "
            "(Debian and Ubuntu: apt install unar)"
        ) from None
    except (rarfile.PasswordRequired, rarfile.RarWrongPassword):
        raise FameError(f"{where} is locked by a password; get an archive without one") from None
    except (rarfile.Error, zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise FameError(f"{where} is damaged ({reason}); {again}") from error
    except (NotImplementedError, RuntimeError) as error:  # zipfile: unknown method, password
        raise FameError(f"{where} cannot be unpacked ({error}); get another archive") from error


def _file(path: Path) -> Iterator[Member]:
    yield Member(path.name, path.stat().st_size, "file", lambda: path.open("rb"))


def _zip(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            mode = info.external_attr >> 16
            kind = "folder" if info.is_dir() else _kind(mode)

            def content(info: zipfile.ZipInfo = info) -> IO[bytes]:
                return opened.open(info)

            # Not info.filename: zipfile cuts it at a NUL and may replace backslashes.
            yield Member(info.orig_filename, info.file_size, kind, content)


def _kind(mode: int) -> Literal["file", "link", "other"]:
    """The kind of entry given by a Unix mode; archives made on other systems have none."""
    if stat.S_ISLNK(mode):
        return "link"
    return "file" if stat.S_IFMT(mode) in {0, stat.S_IFREG} else "other"


def _tar(archive: Path) -> Iterator[Member]:
    with tarfile.open(archive, "r|*") as opened:
        for info in opened:
            yield _tar_member(opened, info)


def _tar_member(opened: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    if info.isdir():
        return Member(info.name, 0, "folder", _no_content)
    if info.issym() or info.islnk():
        return Member(info.name, 0, "link", _no_content)
    if not info.isreg():
        return Member(info.name, 0, "other", _no_content)

    def content() -> IO[bytes]:
        # The standard library's filter for data. Our own checks are stricter and came first, so
        # nothing is lost on a Python without it (before 3.11.4).
        if hasattr(tarfile, "data_filter"):
            tarfile.data_filter(info, "/nowhere")
        file = opened.extractfile(info)
        assert file is not None  # it is a regular file
        return file

    return Member(info.name, info.size, "file", content)


def _rar(archive: Path) -> Iterator[Member]:
    import rarfile

    # "strict": otherwise rarfile skips everything after a damaged header.
    with rarfile.RarFile(archive, errors="strict") as opened:
        if opened.needs_password():
            raise rarfile.PasswordRequired("locked")
        infos = opened.infolist()
        _check_unpackable(archive, opened, infos)
        for info in infos:

            def content(info: Any = info) -> IO[bytes]:
                file: IO[bytes] = opened.open(info)
                return file

            yield Member(info.filename, info.file_size, _rar_kind(info), content)


def _rar_kind(info: Any) -> Literal["file", "folder", "link", "other"]:
    if info.is_symlink() or info.file_redir:
        return "link"
    if info.is_dir():
        return "folder"
    return "file" if info.is_file() else "other"


def _check_unpackable(archive: Path, opened: Any, infos: list[Any]) -> None:
    """Compressed entries need a program; solid archives would take it far too long."""
    import rarfile

    packed = [info for info in infos if info.compress_type != rarfile.RAR_M0]
    if not packed:
        return
    rarfile.tool_setup()
    if opened.is_solid() and len(packed) > 1:
        raise FameError(
            f"{archive} is a solid RAR, which cannot be unpacked entry by entry; unpack it by hand "
            f"({TOOLS}) to where the scale's root points"
        )
