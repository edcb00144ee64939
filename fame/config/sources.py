"""The schema of config/datasets.yaml: download sources of the real datasets and their terms."""

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
"""`file` is kept as it is; `rars` is a RAR of RARs; `tar` may be compressed; `tars` is a text file
with the address of one `tar` per line."""


def checked_url(url: str) -> str:
    """Check that an address can be downloaded from, and return it.

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
    """One address and the expected file.

    Attributes:
        url: an http or https address that ends in a file's name.
        format: `file` is kept as it is; `rars` is a RAR of RARs; `tar` may be compressed; `tars` is
            a text file with the address of one `tar` per line.
        size: in bytes; null if it is not published.
        sha256: in hexadecimal; null if it is not published.
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
    """Limits of an archive; one that exceeds them is treated as an attack.

    Attributes:
        bytes: all files together, unpacked.
        files: their number.
        ratio: unpacked bytes for each byte of the archive.
    """

    bytes: Positive
    files: Positive
    ratio: Annotated[float, Field(gt=1)]


class Part(Model):
    """A unit of download.

    Attributes:
        into: the folder for its files.
        wanted: whether it is downloaded if no parts are named.
        replaces: whether its files replace others with the same name or id.
        keep: whether archives are kept after unpacking.
        limits: of what its archives may unpack to.
        sources: tried in order. Their contents may differ: a mirror may have another kind of
            archive.
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
    """Disk space that a dataset takes.

    Attributes:
        archives: bytes of its archives.
        videos: bytes of its unpacked videos.
    """

    archives: Positive
    videos: Positive


class DatasetSource(Model):
    """A dataset: what it is, its terms, and its parts.

    Attributes:
        title: the dataset's name.
        licence: the licence of the videos.
        citation: the publication to cite.
        classes: number of classes.
        space: the disk space that it takes.
        parts: units of download by name.
        page: a web page that describes it.
        terms: the terms to accept before anything is downloaded.
        counts: official split -> part of it -> annotated videos.
        missing: known missing videos and dead links.
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
        """Free bytes needed: the videos, and their archives if these are kept."""
        kept = any(part.keep for part in self.parts.values() if part.into == "videos")
        return self.space.videos + (self.space.archives if kept else 0)

    def chosen(self, names: tuple[str, ...]) -> dict[str, Part]:
        """The named parts in the file's order; if none is named, the wanted ones.

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
    """The whole file.

    Attributes:
        datasets: by the names of their files in fame/data/datasets.
    """

    datasets: dict[Layout, DatasetSource]


def load_sources(path: Path = SOURCES) -> dict[str, DatasetSource]:
    """Validated datasets by name.

    Raises:
        FameError: the file is missing or invalid.
    """
    return parse(Sources, read_yaml(path), path).datasets
