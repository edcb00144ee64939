"""The exceptions that mean "the user can mend this"."""

from typing import ClassVar

RESUME = 75
"""Exit status of what was interrupted and goes on when it is run again (EX_TEMPFAIL)."""


class FameError(Exception):
    """Bad input or an unusable environment.

    The message is one sentence that names the thing and the remedy; the command
    line prints it without a traceback and exits with `status`.
    """

    status: ClassVar[int] = 1


class Interrupted(FameError):
    """Work that broke off through no fault of its own: the same command again goes on."""

    status: ClassVar[int] = RESUME
