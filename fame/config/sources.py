"""What config/datasets.yaml may say: where the real datasets come from, and on what terms."""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator, model_validator

from fame.config.layouts import Layout
from fame.config.reading import check_keys, parse, read_yaml
from fame.core.schema import Model, Positive

SOURCES = Path(__file__).resolve().parents[2] / "config" / "datasets.yaml"

Format = Literal["file", "zip", "rar", "rars", "tar", "tars"]
"""`file` is taken as it is; `rars` is a RAR of RARs; `tar` may be compressed; `tars` is a text
file with the address of one `tar` on each line."""


def checked_url(url: str) -> str:
    """The address, if it is one that can be downloaded from.

    Raises:
        ValueError: it is not http or https, has no host, or does not end in a file's name.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is not an http or https address")
    name = _file_name(url)
    if not re.fullmatch(r"[\w][\w .()+-]*", name):
        raise ValueError(f"{url!r} does not end in the name of a file")
    return url


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


class Source(Model):
    """One address and the bytes that it gives.

    Attributes:
        size: in bytes; null if nobody has published it.
        sha256: in hexadecimal; null if nobody has published it.
    """

    url: str
    format: Format
    size: Positive | None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None

    @field_validator("url")
    @classmethod
    def _downloadable(cls, url: str) -> str:
        return checked_url(url)

    @property
    def name(self) -> str:
        """The file's name, the last part of the address."""
        return _file_name(self.url)


class Limits(Model):
    """What an archive of a part may hold at most; more is taken for an attack.

    Attributes:
        bytes: all files together, unpacked.
        files: their number.
        ratio: unpacked bytes for each byte of the archive.
    """

    bytes: Positive
    files: Positive
    ratio: Annotated[float, Field(gt=1)]


class Part(Model):
    """Something that is downloaded as a whole.

    Attributes:
        into: the folder that it fills.
        wanted: whether it is fetched if no parts are named.
        replaces: whether its files take the place of others with the same name or id.
        keep: whether downloaded archives stay after they have been unpacked.
        sources: the first that gives the file is taken. Their bytes may differ: a mirror may
            hold another kind of archive.
    """

    into: Literal["videos", "annotations"]
    wanted: bool
    replaces: bool
    keep: bool
    limits: Limits
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _alike(self) -> "Part":
        if len({source.format == "tars" for source in self.sources}) > 1:
            raise ValueError("a list of archives has no mirror that is a single archive")
        return self


class Space(Model):
    """Bytes that a dataset takes: its archives, and its videos when unpacked."""

    archives: Positive
    videos: Positive


class DatasetSource(Model):
    """A dataset: what it is, its terms, and its parts.

    Attributes:
        page: a web page that describes it.
        terms: what a user accepts before anything is downloaded.
        counts: official split -> part of it -> annotated videos.
        missing: what is known to be lacking or dead.
    """

    title: str
    page: str
    licence: str
    terms: str
    citation: str
    missing: str
    classes: Positive
    counts: dict[int, dict[str, Positive]]
    space: Space
    parts: Annotated[dict[str, Part], Field(min_length=1)]

    @model_validator(mode="after")
    def _named(self) -> "DatasetSource":
        for name in self.parts:
            if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
                raise ValueError(f"the part {name!r} needs a plain name, such as 'videos'")
        return self

    @property
    def room(self) -> int:
        """Bytes to have free: the videos, and their archives where these are kept."""
        kept = any(part.keep for part in self.parts.values() if part.into == "videos")
        return self.space.videos + (self.space.archives if kept else 0)

    def chosen(self, names: tuple[str, ...]) -> dict[str, Part]:
        """The named parts in the file's order, or those that are wanted if none is named.

        Raises:
            FameError: there is no part of that name.
        """
        check_keys(names, self.parts, f"the parts of {self.title}")
        return {
            name: part
            for name, part in self.parts.items()
            if (name in names if names else part.wanted)
        }


class Sources(Model):
    """The whole file."""

    datasets: dict[Layout, DatasetSource]


def load_sources(path: Path = SOURCES) -> dict[str, DatasetSource]:
    """Datasets by name, checked.

    Raises:
        FameError: the file is missing or says something that it may not.
    """
    return parse(Sources, read_yaml(path), path).datasets
