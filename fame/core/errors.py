"""Exceptions for errors that the user can fix."""

from typing import ClassVar

RESUME = 75
"""Exit status of interrupted work that resumes when it is run again (EX_TEMPFAIL)."""


class FameError(Exception):
    """Bad input or an unusable environment.

    The message is one sentence that names the thing and the remedy. The command line prints it
    without a traceback and exits with `status`.
    """

    status: ClassVar[int] = 1


class Interrupted(FameError):
    """Work that was interrupted from outside: rerun the same command to resume."""

    status: ClassVar[int] = RESUME
