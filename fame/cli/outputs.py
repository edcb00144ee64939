"""What a verb's --out may be: a file of the kind that it writes, and none of its own inputs."""

from collections.abc import Sequence
from pathlib import Path

from fame.core.errors import FameError


def check_out(out: Path, *endings: str, inputs: Sequence[Path | None] = ()) -> None:
    """Refuse, before the work, an output that cannot be, or that would replace something.

    Args:
        out: the file to write.
        endings: it must end in one of them, such as ".json": files of other kinds and the same
            stem go beside it, and would replace it.
        inputs: files that are read; None stands for one that was not given.

    Raises:
        FameError: it is a folder, ends otherwise, or is one of the inputs.
    """
    if out.is_dir():
        raise FameError(f"{out} is a folder; name a file to write")
    if out.suffix.lower() not in endings:
        raise FameError(f"{out}: the name must end in {' or '.join(endings)}; choose another name")
    if any(given is not None and given.resolve() == out.resolve() for given in inputs):
        raise FameError(f"{out} is read here and would be lost; choose another name")
