"""Download one file over HTTP and verify it.

requests and urllib3 retry if a server is busy or does not answer. After a broken connection the
download continues where it stopped if the file's checksum is known, because that verifies the whole
file at the end; otherwise it starts over.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.util import Retry

from fame.config.sources import Source
from fame.core.files import sha256
from fame.data.disk import check_space, human, writing

_CHUNK = 1 << 16
_BUSY = (408, 425, 429, 500, 502, 503, 504)
# Uncompressed, so that sizes, ranges and checksums are those of the file.
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "fame-reproduction"}
_LONGEST = 60  # seconds of a pause, even if the server asks for more
_log = logging.getLogger(__name__)


class SourceError(Exception):
    """An address does not give the file; another may. The message is the reason."""


class _BrokenError(Exception):
    """The connection broke in the middle of the file."""


@dataclass(frozen=True)
class Patience:
    """How persistently a download is retried.

    Attributes:
        attempts: successive requests without an answer, and broken connections.
        wait: seconds, doubled after each request without an answer, at most a minute.
        timeout: seconds without data before a connection counts as broken.
    """

    attempts: int = 6
    wait: float = 1.0
    timeout: float = 60.0


def download(source: Source, part: Path, patience: Patience, progress: bool = True) -> None:
    """Download a file to `part`, which may hold the beginning from an interrupted download.

    Args:
        source: the address, and the file's size and checksum if known.
        part: the file to write; it is complete and verified only when this returns.
        patience: how persistently to retry.
        progress: show a progress bar if the output is a terminal.

    Raises:
        SourceError: the address does not give the file, or gives a different one.
        FameError: the disk is full or cannot be written to.
    """
    with _session(patience) as session:
        for attempt in range(1, patience.attempts + 1):
            try:
                _receive(session, source, part, patience.timeout, progress)
                break
            except _BrokenError as error:
                _log.warning("%s: %s", source.name, error)
                if attempt == patience.attempts:
                    raise SourceError(f"{error} ({attempt} attempts)") from error
    _check(source, part)


def _session(patience: Patience) -> requests.Session:
    retries = Retry(
        total=None,
        connect=patience.attempts - 1,
        read=patience.attempts - 1,
        status=patience.attempts - 1,
        other=0,
        redirect=30,
        status_forcelist=_BUSY,
        backoff_factor=patience.wait,
        backoff_max=_LONGEST,
        retry_after_max=_LONGEST,
        raise_on_status=False,
    )
    session = requests.Session()
    session.headers.update(_HEADERS)
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retries))
    return session


def _receive(
    session: requests.Session, source: Source, part: Path, timeout: float, progress: bool
) -> None:
    """Write the missing rest of `part`."""
    have = _beginning(source, part)
    if have and have == source.size:
        return
    with _answer(session, source.url, have, timeout) as answer:
        if answer.status_code == 416:  # the file has no bytes after ours
            if sha256(part) == source.sha256:
                return
            part.unlink()
            raise _BrokenError("what was here is not its beginning")
        start = have if answer.status_code == 206 else 0
        total = _total(answer, start)
        _refuse(source, answer, total)
        check_space(part.parent, (total or source.size or 0) - start, source.name)
        _save(answer, part, start, total, progress)


def _beginning(source: Source, part: Path) -> int:
    """The number of bytes of `part` that can be kept."""
    return part.stat().st_size if source.sha256 and part.exists() else 0


@contextmanager
def _answer(
    session: requests.Session, url: str, start: int, timeout: float
) -> Iterator[requests.Response]:
    """An open answer with status 200, 206 or 416."""
    headers = {"Range": f"bytes={start}-"} if start else {}
    try:
        answer = session.get(url, headers=headers, stream=True, timeout=timeout)
    except requests.exceptions.SSLError as error:
        raise SourceError("its certificate cannot be verified") from error
    except (requests.ConnectionError, requests.Timeout) as error:
        raise SourceError(f"no connection ({type(error).__name__})") from error
    except requests.RequestException as error:
        raise SourceError(f"it cannot be asked ({error})") from error
    with answer:
        if answer.status_code not in {200, 206, 416}:
            raise SourceError(f"HTTP {answer.status_code} {answer.reason}".strip())
        yield answer


def _total(answer: requests.Response, start: int) -> int | None:
    """The size of the whole file in bytes, if the server gives it."""
    length = answer.headers.get("Content-Length", "")
    return start + int(length) if length.isdigit() else None


def _refuse(source: Source, answer: requests.Response, total: int | None) -> None:
    """Raise SourceError if the answer cannot be the file, before downloading it."""
    kind = answer.headers.get("Content-Type", "")
    if kind.startswith("text/html") and not source.sha256:  # else the checksum decides
        raise SourceError("it answers with a web page instead of the file")
    if source.size is not None and total is not None and total != source.size:
        raise SourceError(f"it offers {total:,} bytes instead of {source.size:,}")


def _save(
    answer: requests.Response, part: Path, start: int, total: int | None, progress: bool
) -> None:
    bar = tqdm(
        desc=part.stem,
        total=total,
        initial=start,
        unit="B",
        unit_scale=True,
        disable=None if progress else True,
    )
    with bar, writing(part), part.open("ab" if start else "wb") as file:
        for chunk in _chunks(answer, file.tell()):
            file.write(chunk)
            bar.update(len(chunk))


def _chunks(answer: requests.Response, have: int) -> Iterator[bytes]:
    """The bytes as they arrive; urllib3 checks their number if the server gives it."""
    try:
        for chunk in answer.raw.stream(_CHUNK, decode_content=False):
            have += len(chunk)
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError) as error:
        reason = f"the connection broke at {human(have)} ({type(error).__name__})"
        raise _BrokenError(reason) from error


def _check(source: Source, part: Path) -> None:
    """Refuse a file with a wrong size or checksum; one with a wrong checksum is kept aside."""
    have = part.stat().st_size
    if source.size is not None and have != source.size:
        part.unlink()
        raise SourceError(f"it gave {have:,} bytes instead of {source.size:,}")
    digest = sha256(part) if source.sha256 else None
    if digest != source.sha256:
        aside = part.with_name(f"{source.name}.{str(digest)[:8]}.bad")
        part.replace(aside)
        raise SourceError(
            f"its sha256 is {digest} instead of {source.sha256} (what came is kept as {aside})"
        )
