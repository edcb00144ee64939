"""Export an encoder for others: its weights, a config, and a model card with what was measured.

The weights' file and the encoder's own card are copied as they are, so everything here reads an
exported folder like a run's. The model card is Markdown whose head lists the results as the
`model-index` of the Hugging Face Hub does.
"""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from fame.config.reading import load_scale
from fame.config.scale import Scale
from fame.core.cards import CARD, ENCODER, verified
from fame.core.errors import FameError
from fame.core.files import replacing, write_json
from fame.evaluate.results import read_result
from fame.pipeline.tasks import OF_TABLES
from fame.search.encoder_source import EncoderSource, describe

CONFIG, README = "config.json", "README.md"

_CLASSIFIES = "top1"
"""The metric of tasks that classify videos; the others compare features."""

_OURS = """```python
from pathlib import Path

from fame.search.encoder_source import describe

encoder = describe(Path("{encoder}"), {clips}, None, None).load().eval()
```"""

_TORCHVISION = """The weights have torchvision's names:

```python
from safetensors.torch import load_file
from torch import nn
from torchvision.models.video import {name}

model = {name}()
model.fc = nn.Identity()
model.load_state_dict(load_file("{encoder}"))
```"""


def export(encoder: Path, out: Path, scale: str | None, backbone: str | None = None) -> list[Path]:
    """Write the folder `out`: weights, card.json, config.json and README.md.

    Args:
        encoder: `encoder.safetensors` with its card. If it lies where the workflow puts it, the
            results in `evaluate/<run>` of the same scale are listed.
        out: a folder that does not exist or is empty.
        scale: by name or path; None for the one that the card names.
        backbone: the key of the scale's backbone, if the card lacks it and several fit.

    Returns:
        The written files.

    Raises:
        FameError: the card is missing or another encoder's, its scale is unknown, a result is
            damaged, or `out` holds files.
    """
    card = verified(encoder)
    chosen = _scale(encoder, card, scale)
    source = describe(encoder, chosen.evaluate.clips, scale or card["scale"], backbone)
    results = measured(encoder, card)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FameError(f"{out} is not an empty folder; name another one with --out")
    out.mkdir(parents=True, exist_ok=True)
    for file in (encoder, encoder.with_name(CARD)):
        shutil.copyfile(file, out / file.name)
    write_json(out / CONFIG, config(source))
    with replacing(out / README) as readme:
        readme.write(model_card(card, source, chosen, results).encode())
    return [out / name for name in (ENCODER, CARD, CONFIG, README)]


def _scale(encoder: Path, card: dict[str, Any], name: str | None) -> Scale:
    if name is None and "scale" not in card:
        raise FameError(f"{encoder.with_name(CARD)} names no scale; give one with --scale")
    try:
        return load_scale(name or card["scale"])
    except FameError:
        if name is not None:
            raise
        raise FameError(
            f"{encoder.with_name(CARD)}: its scale {card['scale']!r} is none of config/scales; "
            "give its file with --scale"
        ) from None


def measured(encoder: Path, card: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of an encoder that tables may show, as `read_result` gives them, sorted."""
    folder = encoder.absolute().parents[2] / "evaluate" / str(card.get("run"))
    files = sorted(folder.glob("*/*.json"))
    return [read_result(file) for file in files if file.stem in OF_TABLES]


def config(source: EncoderSource) -> dict[str, Any]:
    """What is needed to build the network and to feed it, as JSON data."""
    return {
        "model": source.settings.model_dump(mode="json"),
        "feature_dim": source.settings.feature_dim,
        "torchvision": source.settings.torchvision,
        "input": asdict(source.spec),
        "encoder_sha256": source.sha256,
    }


def model_card(
    card: dict[str, Any], source: EncoderSource, scale: Scale, results: Sequence[dict[str, Any]]
) -> str:
    """The Markdown of README.md."""
    name = str(card.get("run", source.settings.arch))
    head = yaml.safe_dump(_head(name, scale, results), sort_keys=False, allow_unicode=True)
    parts = [f"---\n{head}---", f"# {name}", *_warning(scale), _made(card, source)]
    parts += [_table(scale, results), _use(source), _origin(card)]
    return "\n\n".join(parts) + "\n"


def _head(name: str, scale: Scale, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The metadata: tags, and the results as a model-index, if there are any."""
    head: dict[str, Any] = {
        "library_name": "fame-reproduction",
        "tags": ["video", "self-supervised", *([] if scale.comparable else [scale.name])],
    }
    if results:
        entries = [_entry(scale, result) for result in results]
        head["model-index"] = [{"name": name, "results": entries}]
    return head


def _entry(scale: Scale, result: dict[str, Any]) -> dict[str, Any]:
    """A result in the model-index; values are rounded to two decimals, as in the tables."""
    kind = "video-classification" if _CLASSIFIES in result["metrics"] else "feature-extraction"
    return {
        "task": {"type": kind, "name": result["task"]},
        "dataset": {"type": result["dataset"], "name": scale.datasets[result["dataset"]].title},
        "metrics": [
            {"type": "accuracy" if key == _CLASSIFIES else key, "name": key, "value": value}
            for key, value in _rounded(result).items()
        ],
    }


def _rounded(result: dict[str, Any]) -> dict[str, float]:
    return {key: round(value, 2) for key, value in result["metrics"].items()}


def _warning(scale: Scale) -> list[str]:
    if scale.comparable:
        return []
    return [f"> **Not comparable with published numbers** (scale `{scale.name}`): {scale.note}."]


def _made(card: dict[str, Any], source: EncoderSource) -> str:
    """How the encoder was made, and what it takes."""
    recipe, spec = card.get("recipe", {}), source.spec
    trained = recipe.get("pretrain", {})
    made = f"Method `{recipe.get('method', 'imported')}`, seed {card.get('seed', 'unknown')}"
    if trained:
        merge = trained["merge"]
        made += f", {trained['epochs']} epochs on `{trained['data']['name']}`"
        made += f", merged with mask `{merge['mask']}` (beta {merge['beta']})" if merge else ""
    return (
        f"{made}. Network `{source.settings.arch}`, features of length "
        f"{source.settings.feature_dim}.\n\n"
        f"Input: {spec.frames} RGB frames, every {spec.stride}th, {spec.size} x {spec.size} "
        f"pixels in [0, 1], less {list(spec.mean)}, divided by {list(spec.std)}; "
        f"`{CONFIG}` has all of it."
    )


def _table(scale: Scale, results: Sequence[dict[str, Any]]) -> str:
    if not results:
        return "## Results\n\nNone measured."
    lines = ["## Results", "", "| Task | Dataset | Metric | Value |", "| --- | --- | --- | ---: |"]
    for result in results:
        title = scale.datasets[result["dataset"]].title
        lines += [
            f"| {result['task']} | {title} | {key} | {value:.2f} |"
            for key, value in _rounded(result).items()
        ]
    return "\n".join([*lines, "", "One seed; the tables of the study have means over seeds."])


def _use(source: EncoderSource) -> str:
    """How to load the encoder again, by this package and, where it is theirs, by torchvision."""
    ours = _OURS.format(encoder=ENCODER, clips=source.spec.clips)
    name = source.settings.torchvision
    theirs = [] if name is None else [_TORCHVISION.format(encoder=ENCODER, name=name)]
    return "\n\n".join(["## Use", ours, *theirs])


def _origin(card: dict[str, Any]) -> str:
    """Where the numbers come from."""
    facts = {
        "Run": card.get("run"),
        "Code": card.get("code"),
        "Finished": card.get("finished"),
        "SHA-256 of the weights": card["encoder_sha256"],
    }
    lines = [f"- {key}: `{value}`" for key, value in facts.items() if value is not None]
    return "\n".join(["## Origin", "", *lines, f"- the recipe, complete: `{CARD}`"])
