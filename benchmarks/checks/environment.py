"""The environment of the check."""

import os
import platform
from collections.abc import Iterator
from importlib.metadata import version

import torch

from benchmarks.checks.sections import Context, Finding
from fame.train.provenance import code_version


def environment(context: Context) -> Iterator[Finding]:
    """Versions, processor, GPU and clips."""
    yield Finding(
        "software",
        {
            "code": code_version(),
            "python": platform.python_version(),
            "platform": f"{platform.system()} {platform.machine()}",
            **{name: version(name) for name in ("torch", "torchvision", "numpy")},
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version() if context.on_gpu else None,
        },
    )
    yield Finding("machine", {"cpus": os.cpu_count(), "threads": torch.get_num_threads(), **_gpu()})
    yield Finding(
        "clips",
        {
            "source": "generated" if context.packed is None else context.packed.name,
            "videos": len(context.clips),
            "classes": len(set(context.clips.labels.tolist())),
            "groups": len(set(context.clips.groups.tolist())),
        },
    )


def _gpu() -> dict[str, object]:
    if not torch.cuda.is_available():
        return {"gpu": None, "gpu_memory_mib": None, "capability": None}
    properties = torch.cuda.get_device_properties(0)
    return {
        "gpu": properties.name,
        "gpu_memory_mib": properties.total_memory // 2**20,
        "capability": f"{properties.major}.{properties.minor}",
    }
