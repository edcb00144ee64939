"""Checks of a command's --out: the right kind of file, and none of its own inputs."""

from collections.abc import Sequence
from pathlib import Path

from fame.core.errors import FameError


def check_out(out: Path, *endings: str, inputs: Sequence[Path | None] = ()) -> None:
    """Refuse, before the work starts, an output that cannot be written or would replace an input.

    Args:
        out: the file to write.
        endings: allowed suffixes, such as ".json"; files with the same stem and other suffixes are
            written beside it and could replace it otherwise.
        inputs: files that are read; None for an option that was not given.

    Raises:
        FameError: it is a folder, has another suffix, or is one of the inputs.
    """
    if out.is_dir():
        raise FameError(f"{out} is a folder; name a file to write")
    if out.suffix.lower() not in endings:
        raise FameError(f"{out}: the name must end in {' or '.join(endings)}; choose another name")
    if any(given is not None and given.resolve() == out.resolve() for given in inputs):
        raise FameError(f"{out} is an input and would be overwritten; choose another name")
