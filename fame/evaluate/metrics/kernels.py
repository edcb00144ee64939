"""The temporal kernels of an R(2+1)D encoder, read from its file. No torch.

Figure 3 shows the 3x1x1 convolutions of the four stages, without the stem's (facts A10).
"""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from fame.core.errors import FameError

LAYERS = ("layer1", "layer2", "layer3", "layer4")

Kernels = npt.NDArray[np.float32]
"""(filters, channels, 3): each filter is a kernel of three moments for each channel."""

_NAME = re.compile(r"(layer[1-4])\.\d+\.conv[12]\.0\.3\.weight")


def temporal_kernels(path: Path) -> dict[str, list[Kernels]]:
    """The temporal convolutions of each stage, in the order of their names.

    Args:
        path: `encoder.safetensors` of an R(2+1)D; the published size has 4 in each stage.

    Raises:
        FameError: the file is absent or damaged, or its network has no such convolutions.
    """
    stages: dict[str, list[Kernels]] = {layer: [] for layer in LAYERS}
    try:
        with safe_open(path, framework="numpy") as file:
            for name in sorted(file.keys()):
                if match := _NAME.fullmatch(name):
                    stages[match[1]].append(_kernels(file.get_tensor(name), path))
    except OSError as error:
        raise FameError(f"cannot read {path} ({error}); pretrain an encoder first") from error
    except SafetensorError as error:
        raise FameError(
            f"{path} is not a whole safetensors file ({error}); delete it and make it again"
        ) from error
    if not all(stages.values()):
        raise _without(path)
    return stages


def _kernels(weight: npt.NDArray[np.float32], path: Path) -> Kernels:
    if weight.ndim != 5 or weight.shape[2:] != (3, 1, 1):
        raise _without(path)
    return weight[..., 0, 0]


def _without(path: Path) -> FameError:
    return FameError(
        f"{path} has no 3x1x1 temporal kernels in layer1 to layer4: give an R(2+1)D encoder, "
        "the only backbone that Figure 3 is about"
    )


def flat(kernels: list[Kernels]) -> Kernels:
    """All weights of a stage in one row."""
    return np.concatenate([kernel.ravel() for kernel in kernels])
