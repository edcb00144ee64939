"""The one exception that means "the user can mend this"."""


class FameError(Exception):
    """Bad input or an unusable environment.

    The message is one sentence that names the thing and the remedy; the command
    line prints it without a traceback and exits with status 1.
    """
