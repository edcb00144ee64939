"""What a job of the workflow says in its log: its command, settings, seconds and files."""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

VARIABLE = "FAME_JOB_LOG"
"""Set by the workflow for its jobs; who types a command sees no more than before."""

_KIB = 1024


@contextmanager
def job_log(arguments: Sequence[str], purpose: Callable[[], str]) -> Iterator[None]:
    """Print on stderr what is to be done and, if it succeeds, what was done.

    Nothing follows an error, so that a failed job's log still ends in it.

    Args:
        arguments: of the command line, without the program's name.
        purpose: returns a sentence on what the command is for; called within a job only.
    """
    if os.environ.get(VARIABLE) != "1" or not arguments:
        yield
        return
    _say(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC: {arguments[0]}. {purpose()}".rstrip())
    settings = options(arguments[1:])
    for name, values in settings:
        _say(f"  {name}: {' '.join(values)}")
    start = time.monotonic()
    end = None
    try:
        yield
    except SystemExit as error:  # how typer ends, successful or not
        if error.code:
            raise
        end = error
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB
    _say(f"Done in {time.monotonic() - start:.1f} s, with at most {memory:.0f} MiB of memory.")
    for path in filter(Path.exists, map(Path, dict(settings).get("out", []))):
        size = "" if path.is_dir() else f" ({path.stat().st_size / _KIB:.1f} KiB)"
        _say(f"  wrote {path}{size}")
    if end:
        raise end


def options(words: Sequence[str]) -> list[tuple[str, list[str]]]:
    """A command line's options with their values, in order; what has no option is `given`."""
    options: list[tuple[str, list[str]]] = [("given", [])]
    for word in words:
        if word.startswith("--"):
            name, _, value = word.removeprefix("--").partition("=")
            options.append((name, [value] if value else []))
        else:
            options[-1][1].append(word)
    return [(name, values) for name, values in options if values or name != "given"]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
