"""Start a command as several processes."""

import os
import sys


def spread(processes: int) -> None:
    """Replace this process by `processes` of the same command, under torchrun, on this machine.

    Does nothing if one process (or none) is asked for, or if torchrun started this one.
    """
    if processes < 2 or "LOCAL_RANK" in os.environ:
        return
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    # Without `--`, torchrun would take our `--run` for an abbreviation of its own `--run-path`.
    os.execv(sys.executable, [sys.executable, *torchrun, "-m", "--", "fame", *sys.argv[1:]])
