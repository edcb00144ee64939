"""The card of an encoder: its recipe, data, environment and cost."""

import platform
import resource
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from packaging.utils import canonicalize_name

import fame
from fame.core.distributed import World
from fame.core.packages import LOCK, against_lock, installed

PACKAGES = ("torch", "torchvision", "numpy", "decord", "av")


def code_version() -> str:
    """The package's version, and the commit of the checkout that it runs from, if any.

    A package installed inside another repository has no commit.
    """
    try:
        _git("ls-files", "--error-unmatch", "__init__.py")
        commit = _git("describe", "--always", "--dirty", "--abbrev=12")
    except (OSError, subprocess.SubprocessError):
        return fame.__version__
    return f"{fame.__version__}+{commit}"


def _git(*arguments: str) -> str:
    """The output of a git command in the package's folder."""
    command = ["git", "-C", str(Path(fame.__file__).parent), *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    return answer.stdout.strip()


def environment(world: World) -> dict[str, Any]:
    """Versions and hardware; `lock` as `against_lock` gives it."""
    device = "cpu"
    if world.device.type == "cuda":
        device = torch.cuda.get_device_name(world.device)
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device,
        "processes": world.size,
        "packages": {name: installed().get(canonicalize_name(name)) for name in PACKAGES},
        "lock": against_lock(LOCK),
    }


def peak_memory_mib(world: World) -> dict[str, float]:
    """Peak resident memory of this process and, on a GPU, peak allocated device memory, in MiB."""
    peak = {"host": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    if world.device.type == "cuda":
        peak["device"] = torch.cuda.max_memory_allocated(world.device) / 2**20
    return {key: round(value, 1) for key, value in peak.items()}


def card(world: World, **facts: Any) -> dict[str, Any]:
    """A run's card: the given facts, then code, environment, peak memory and date."""
    return {
        **facts,
        "code": code_version(),
        "environment": environment(world),
        "peak_memory_mib": peak_memory_mib(world),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
