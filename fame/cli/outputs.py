"""What a verb's --out may be: of the kind that it writes, and none of its own inputs."""

from pathlib import Path

from fame.errors import FameError


def check_out(out: Path, suffix: str, *inputs: Path | None) -> None:
    """Refuse an output whose neighbours, of the same stem, would replace it, or that is an input.

    Args:
        out: the file to write.
        suffix: what it must end in, such as ".json".
        inputs: files that are read; None stands for one that was not given.

    Raises:
        FameError: it ends otherwise, or is one of the inputs.
    """
    if out.suffix.lower() != suffix:
        raise FameError(f"{out}: this writes a {suffix} file; give --out a name that ends so")
    if any(given is not None and given.resolve() == out.resolve() for given in inputs):
        raise FameError(f"{out} is read here and would be lost; give --out another name")
