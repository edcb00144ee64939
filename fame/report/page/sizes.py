"""Parameters and multiplications of the encoders, from their files and cards."""

import json
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from fame.core.errors import FameError
from fame.pipeline.paths import Places
from fame.report.page.grid import Grid, Text
from fame.report.page.variants import Variant
from fame.report.tables.markdown import NOTHING

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
"""Last parts of names of tensors that are not trained."""


def sizes(variants: Sequence[Variant], places: Places, facts: dict[str, dict[str, Any]]) -> Grid:
    """A row for each kind of network.

    Args:
        variants: the recipes; networks are equal if their recipes' backbones are.
        places: of the scale.
        facts: cards by run; `multiplications` is there if the run's code counted them.
    """
    rows: dict[str, tuple[Text, ...]] = {}
    for one in variants:
        run = one.runs[0]
        network = run.recipe["backbone"]
        if json.dumps(network, sort_keys=True) not in rows:
            counted = next(
                (n for name in variants_of(variants, network) if (n := _counted(facts, name))), None
            )
            millions = parameters(places.encoder(run.id)) / 1e6
            rows[json.dumps(network, sort_keys=True)] = (
                Text(one.backbone),
                Text(f"{network['frames']} x {network['size']}", "number"),
                Text(f"{millions:.3f}" if millions < 1 else f"{millions:.2f}", "number"),
                Text(NOTHING if counted is None else f"{counted / 1e9:.3g}", "number"),
            )
    heads = ("Network", "Clip (frames x pixels)", "Parameters (M)", "Multiplications (G a clip)")
    looks = ("", "number", "number", "number")
    return Grid("Size of the networks", tuple(map(Text, heads, looks)), tuple(rows.values()))


def variants_of(variants: Sequence[Variant], network: dict[str, Any]) -> list[str]:
    """The runs that have a network."""
    chosen = (one for one in variants if one.runs[0].recipe["backbone"] == network)
    return [run.id for one in chosen for run in one.runs]


def _counted(facts: dict[str, dict[str, Any]], run: str) -> float | None:
    value = facts.get(run, {}).get("multiplications")
    return float(value) if value else None


def parameters(encoder: Path) -> int:
    """Trained numbers in an encoder's file, from its header: buffers of BatchNorm are left out.

    Args:
        encoder: a safetensors file.

    Raises:
        FameError: the file is not one.
    """
    try:
        with safe_open(encoder, framework="numpy") as file:
            trained = [name for name in file.keys() if not name.endswith(BUFFERS)]  # noqa: SIM118
            return sum(prod(file.get_slice(name).get_shape()) for name in trained)
    except (OSError, SafetensorError) as error:
        raise FameError(f"{encoder}: not a safetensors file ({error}); train it again") from None
