"""How the C library gives freed memory back."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of `mallopt`, from the header malloc.h of the GNU C library."""

_LARGEST_BLOCK = 2**30
_NEVER = 2**31 - 1


def keep_freed_memory() -> None:
    """Keep freed memory for the next tensors instead of returning it to the system.

    Every step of a training frees and allocates the same tensors of a few MiB. If they are returned
    in between, the system clears each page again: a tenth of a mini step. Only the GNU C library
    can be asked; elsewhere nothing changes. Results are the same.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST_BLOCK)
        mallopt(_TRIM_THRESHOLD, _NEVER)
