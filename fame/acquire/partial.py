"""A download that is not finished: `<name>.part`, with a note of where it came from."""

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Partial:
    """The beginning of a file, kept between attempts and between runs.

    Attributes:
        path: the file with the bytes so far.
        sha256: what the whole file's must be; None if it is not known.
    """

    path: Path
    sha256: str | None

    @property
    def _notes(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def have(self) -> int:
        """The number of bytes so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def validator(self, url: str) -> str | None:
        """What the server called the version (ETag or date) that the bytes are of, if it did."""
        try:
            noted = json.loads(self._notes.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return noted.get("validator") if noted.get("url") == url else None

    def resumable(self, url: str) -> bool:
        """Whether bytes may be appended: the version is known, or the whole will be checked."""
        return self.have() > 0 and bool(self.validator(url) or self.sha256)

    def note(self, url: str, validator: str | None) -> None:
        """Remember which version the bytes are of."""
        self._notes.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")

    def discard(self) -> None:
        """Forget everything."""
        self.path.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)

    def finish(self, destination: Path) -> None:
        """Move the bytes to where they belong."""
        os.replace(self.path, destination)  # noqa: PTH105 - over an existing file, on any system
        self._notes.unlink(missing_ok=True)

    def set_aside(self, sha256: str) -> Path:
        """Keep wrong bytes for inspection, named after their sum; returns where."""
        name = self.path.name.removesuffix(".part")
        aside = self.path.with_name(f"{name}.{sha256[:8]}.bad")
        self.finish(aside)
        return aside
