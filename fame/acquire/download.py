"""A downloader for pooch that goes on where it was interrupted.

pooch starts a broken download again from nothing, which for 7 GB over a bad line may never end.
This one keeps what it has, asks for the rest (HTTP Range, with If-Range where the server names
the version), tries again with growing pauses, and refuses what is not the file.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import urllib3
from tqdm import tqdm

from fame.acquire.partial import Partial
from fame.core.files import sha256
from fame.data.disk import check_space, human, writing

_CHUNK = 1 << 16  # what a kill loses at most
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_log = logging.getLogger(__name__)


class SourceError(Exception):
    """An address does not give the file; another one may. The message is the reason."""


class _PassingError(Exception):
    """It may go better in a moment."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


@dataclass(frozen=True)
class Patience:
    """How long a downloader tries.

    Attributes:
        attempts: failures in a row, none of which brought a new byte, before it gives up.
        wait: seconds after the first failure; each next pause is twice as long.
        longest: the longest pause, also if the server asks for more.
        timeout: seconds without a byte before a connection counts as broken.
        sleep: how to pause.
    """

    attempts: int = 6
    wait: float = 1.0
    longest: float = 60.0
    timeout: float = 60.0
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Resuming:
    """The downloader: `pooch.retrieve(..., downloader=Resuming(...))`.

    Attributes:
        partial: where the bytes wait until they are all there.
        size: what the file must have, in bytes; None if it is not known.
        patience: how long to try.
        progress: show a bar if the output is a terminal.
    """

    partial: Partial
    size: int | None
    patience: Patience = Patience()
    progress: bool = True

    def __call__(self, url: str, output_file: str | Path, pooch: Any = None) -> None:
        """Download `url` to `output_file`.

        Raises:
            SourceError: the address does not give the file, or gives another one.
            FameError: the disk is full or cannot be written.
        """
        failures, best = 0, self.partial.have()
        while not self._complete():
            try:
                self._attempt(url)
                break
            except _PassingError as error:
                have = self.partial.have()
                failures = 1 if have > best else failures + 1
                best = max(best, have)
                self._pause(error, failures)
        self._check()
        self.partial.finish(Path(output_file))

    def _complete(self) -> bool:
        return self.size is not None and self.partial.have() == self.size

    def _pause(self, error: _PassingError, failures: int) -> None:
        if failures >= self.patience.attempts:
            raise SourceError(f"{error} ({failures} attempts)") from error
        pause = max(error.after, self.patience.wait * 2 ** (failures - 1))
        pause = min(pause, self.patience.longest)
        _log.warning("%s: %s; trying again in %g s", self.partial.path.stem, error, pause)
        self.patience.sleep(pause)

    def _attempt(self, url: str) -> None:
        offset = self.partial.have() if self.partial.resumable(url) else 0
        with _answer(url, self._headers(url, offset), self.patience.timeout) as answer:
            if answer.status_code == 416:
                self._out_of_range(answer, offset)
                return
            start, total = _extent(answer, offset)
            self._refuse(answer, total)
            if start == 0:
                self.partial.note(url, _validator(answer))
            need = (total or self.size or 0) - start
            check_space(self.partial.path.parent, need, self.partial.path.stem)
            self._save(answer, start, total)

    def _headers(self, url: str, offset: int) -> dict[str, str]:
        # Not compressed: sizes, ranges and sums are those of the file.
        headers = {"Accept-Encoding": "identity", "User-Agent": "fame-reproduction"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
            if validator := self.partial.validator(url):
                headers["If-Range"] = validator
        return headers

    def _out_of_range(self, answer: requests.Response, offset: int) -> None:
        """The server has no byte after ours: either that was all, or ours is another file."""
        if answer.headers.get("Content-Range") == f"bytes */{offset}":
            return
        self.partial.discard()
        raise _PassingError("the server has fewer bytes than are here already")

    def _refuse(self, answer: requests.Response, total: int | None) -> None:
        """Raise SourceError for what cannot be the file, before it is downloaded."""
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith("text/html") and not self.partial.sha256:  # else the sum decides
            raise SourceError("it answers with a web page instead of the file")
        if self.size is not None and total is not None and total != self.size:
            raise SourceError(f"it offers {total:,} bytes instead of {self.size:,}")

    def _save(self, answer: requests.Response, start: int, total: int | None) -> None:
        path = self.partial.path
        bar = tqdm(
            desc=path.stem,
            total=total,
            initial=start,
            unit="B",
            unit_scale=True,
            disable=None if self.progress else True,
        )
        with bar, writing(path), path.open("r+b" if start else "wb") as file:
            file.truncate(start)
            file.seek(start)
            for chunk in _chunks(answer):
                file.write(chunk)
                bar.update(len(chunk))
        if total is not None and self.partial.have() != total:
            raise _PassingError(f"the connection ended at {human(self.partial.have())}")

    def _check(self) -> None:
        have = self.partial.have()
        if self.size is not None and have != self.size:
            self.partial.discard()
            raise SourceError(f"it gave {have:,} bytes instead of {self.size:,}")
        expected = self.partial.sha256
        if expected is None:
            return
        found = sha256(self.partial.path)
        if found != expected:
            aside = self.partial.set_aside(found)
            raise SourceError(
                f"its sha256 is {found} instead of {expected} (what came is kept as {aside})"
            )


@contextmanager
def _answer(url: str, headers: dict[str, str], timeout: float) -> Iterator[requests.Response]:
    """An open answer with status 200, 206 or 416."""
    try:
        answer = requests.get(url, headers=headers, stream=True, timeout=timeout)
    except requests.exceptions.SSLError as error:
        raise SourceError("its certificate cannot be verified") from error
    except (requests.ConnectionError, requests.Timeout) as error:
        raise _PassingError(f"no connection ({type(error).__name__})") from error
    except requests.RequestException as error:
        raise SourceError(f"it cannot be asked ({error})") from error
    with answer:
        if answer.status_code in _PASSING:
            raise _PassingError(f"HTTP {answer.status_code}", _retry_after(answer))
        if answer.status_code not in {200, 206, 416}:
            raise SourceError(f"HTTP {answer.status_code} {answer.reason}".strip())
        yield answer


def _retry_after(answer: requests.Response) -> float:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else 0.0


def _extent(answer: requests.Response, offset: int) -> tuple[int, int | None]:
    """At which byte an answer starts, and how many the whole file has, if it says so."""
    if answer.status_code == 206:
        found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if not found or int(found[1]) != offset:
            raise SourceError("it answers with another range than was asked for")
        return offset, None if found[2] == "*" else int(found[2])
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _validator(answer: requests.Response) -> str | None:
    """The version's name for If-Range; a weak one does not promise equal bytes."""
    tag = answer.headers.get("ETag")
    strong = tag if tag and not tag.startswith("W/") else None
    return strong or answer.headers.get("Last-Modified")


def _chunks(answer: requests.Response) -> Iterator[bytes]:
    """The bytes as they come over the line."""
    try:
        yield from answer.raw.stream(_CHUNK, decode_content=False)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _PassingError(f"the connection broke ({type(error).__name__})") from error
