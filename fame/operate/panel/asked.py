"""What the user asked of `fame run`, for the log handler, which is in the same process."""

import json
import os
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "FAME_ASKED"
"""The environment variable that carries it over the exec."""

LIVE = "FAME_LIVE"
"""Set to 1 for the jobs if a panel is drawn: what they write to the terminal would spoil it."""


@dataclass(frozen=True)
class Asked:
    """A command line.

    Attributes:
        again: the whole command.
        repeat: the same with `{}` in place of its targets.
        place: the folder in which it was given.
    """

    again: str = "fame run"
    repeat: str = "fame run {}"
    place: str = ""

    def to_environment(self) -> None:
        """Keep it for the program that this process becomes."""
        os.environ[VARIABLE] = json.dumps(asdict(self))

    @classmethod
    def from_environment(cls) -> "Asked":
        """What was kept; the bare command if nothing was."""
        return cls(**json.loads(os.environ.get(VARIABLE, "{}")))

    def one(self, product: str) -> str:
        """The command that makes one file."""
        return self.repeat.replace("{}", shlex.quote(product))

    def seen(self, path: str) -> str:
        """A path as the user can open it, who may be in another folder than the workflow."""
        return path if self.place in ("", str(Path.cwd())) else str(Path(path).absolute())
