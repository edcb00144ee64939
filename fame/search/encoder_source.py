"""Resolve an encoder argument and its input settings, from its card or from a scale."""

import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fame.config.encoders import AnyEncoder, EncoderSettings
from fame.config.reading import load_scale
from fame.config.scale import Backbone, Scale
from fame.core.cards import CARD, verified
from fame.core.errors import FameError
from fame.core.files import sha256
from fame.evaluate.features.clipspec import ClipSpec
from fame.models.encoder import Encoder
from fame.models.files import load_encoder
from fame.pipeline.experiments import Experiments
from fame.pipeline.named_encoder import file_at, named_encoder
from fame.pipeline.paths import Places
from fame.pipeline.runs import Run
from fame.search.library import Library

_NEEDED = {"frames", "stride", "size", "mean", "std", "max_short_side"}
_SETTINGS: TypeAdapter[EncoderSettings] = TypeAdapter(AnyEncoder)


@dataclass(frozen=True)
class EncoderSource:
    """An encoder on disk and its input settings.

    Attributes:
        path: absolute, of `encoder.safetensors`.
        sha256: of that file, in hexadecimal.
        settings: its architecture and size.
        spec: clips, crop and normalisation.
    """

    path: Path
    sha256: str
    settings: EncoderSettings
    spec: ClipSpec

    def origin(self) -> dict[str, Any]:
        """The `origin` of its vectors, see `fame.search.library.Library`."""
        spec = asdict(self.spec)
        lists = {key: list(spec[key]) for key in ("mean", "std")}
        return {
            "encoder": str(self.path),
            "encoder_sha256": self.sha256,
            "settings": self.settings.model_dump(mode="json"),
            "shown": spec | lists,
        }

    def load(self) -> Encoder:
        """The encoder, on the CPU, in training mode."""
        return load_encoder(self.path, self.settings)


def locate(encoder: str, scale: str, tables: Path) -> Path:
    """The file of an encoder given by path, by its run's directory or by its run's id.

    Args:
        encoder: a path, or a run's id, looked up below `results/<scale>/pretrain/`.
        scale: the scale of such an id.
        tables: the folder of table files, which define the runs.

    Raises:
        FameError: there is no such file, directory or run, or it is not pretrained yet.
    """
    if Path(encoder).exists():
        return file_at(Path(encoder))
    experiments = Experiments(scale, tables)
    meant = named_encoder(experiments, encoder)
    if not isinstance(meant, Run):
        return meant
    path = Places.of(experiments.scale).encoder(meant.id)
    if not path.is_file():
        raise FameError(f"the run {meant.id} is not pretrained yet; `snakemake {path}` makes it")
    return path


def describe(path: Path, clips: int, scale: str | None, backbone: str | None) -> EncoderSource:
    """An encoder by its card; settings that the card lacks are taken from a scale.

    The card of an encoder pretrained here is complete. That of an untrained one names its scale,
    which gives the normalisation. That of an imported one has neither clips nor normalisation: a
    scale must be named.

    Users' videos may have any size, so frames are always resized before the centre crop, and large
    frames are scaled down when read: to the recipe's `max_short_side`, else to twice the crop, so
    that the crop's own resize does not alias.

    Args:
        path: `encoder.safetensors`, with `card.json` beside it.
        clips: uniform clips of each video.
        scale: by name or path, for what the card lacks; None for the one that the card names.
        backbone: the key of the scale's backbone, if several have the encoder's settings.

    Raises:
        FameError: the card is missing or another encoder's, or settings are missing.
    """
    if not path.with_name(CARD).is_file():
        raise FameError(
            f"{path} has no card.json beside it; import external weights with "
            f"fame import-official {shlex.quote(str(path))} --out FOLDER"
        )
    card = verified(path)
    recipe = card.get("recipe", {})
    trained = recipe.get("pretrain", {})
    values: dict[str, Any] = dict(recipe.get("backbone", {}))
    settings = _settings(values.pop("encoder", card.get("settings")), path)
    values |= {key: trained["views"][key] for key in ("mean", "std") if "views" in trained}
    values |= {key: trained[key] for key in ("max_short_side",) if key in trained}
    if not values.keys() >= _NEEDED:
        other = _scale(path, scale, card)
        values = _of_scale(other, _backbone(other, settings, backbone, path)) | values
    spec = ClipSpec(
        clips=clips,
        frames=values["frames"],
        stride=values["stride"],
        size=values["size"],
        crop="short-side",
        mean=tuple(values["mean"]),
        std=tuple(values["std"]),
        max_short_side=values["max_short_side"] or 2 * values["size"],
    )
    return EncoderSource(path.absolute(), card["encoder_sha256"], settings, spec)


def _settings(data: Any, path: Path) -> EncoderSettings:
    try:
        return _SETTINGS.validate_python(data)
    except ValidationError:
        raise FameError(
            f"{path.with_name('card.json')} does not say which network the encoder is; "
            "pretrain or import it again"
        ) from None


def _scale(path: Path, name: str | None, card: dict[str, Any]) -> Scale:
    """The named scale, else the one in the card."""
    if name is not None:
        return load_scale(name)
    try:
        return load_scale(card["scale"])
    except (KeyError, FameError):
        raise FameError(
            f"{path.with_name('card.json')} does not give the encoder's clips and normalisation; "
            "name a scale with --scale"
        ) from None


def _of_scale(scale: Scale, backbone: Backbone) -> dict[str, Any]:
    views = scale.pretrain.views
    clip = {"frames": backbone.frames, "stride": backbone.stride, "size": backbone.size}
    return clip | {"mean": views.mean, "std": views.std, "max_short_side": scale.max_short_side}


def _backbone(scale: Scale, settings: EncoderSettings, name: str | None, path: Path) -> Backbone:
    """The scale's only backbone with these settings, or the named one."""
    fitting = {key: one for key, one in scale.backbones.items() if one.encoder == settings}
    if name is not None:
        fitting = {key: one for key, one in fitting.items() if key == name}
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    if fitting:
        raise FameError(f"{path} may be any of {', '.join(fitting)}; choose with --backbone")
    raise FameError(
        f"{path} is none of the backbones of scale {scale.name}"
        f"{f' that is called {name}' if name else ''}; name its scale "
        "with --scale"
    )


def recorded(library: Library, features: Path, path: Path | None) -> EncoderSource:
    """The encoder that made a library, for one more video.

    Args:
        library: the content of `features`.
        features: the library's file, for messages.
        path: the encoder's current path; None if it was not moved.

    Raises:
        FameError: the file is missing or is another encoder.
    """
    origin = library.origin
    file = path or Path(origin["encoder"])
    if not file.exists():
        raise FameError(
            f"{file}: the encoder of {features} is gone; give its new path with --encoder"
        )
    file = file_at(file)
    digest = sha256(file)
    if digest != origin["encoder_sha256"]:
        raise FameError(
            f"{file} is not the encoder that made {features} (their SHA-256 differ); give that "
            "one with --encoder, or embed the videos again"
        )
    spec = origin["shown"] | {key: tuple(origin["shown"][key]) for key in ("mean", "std")}
    settings = _settings(origin["settings"], file)
    return EncoderSource(file.absolute(), digest, settings, ClipSpec(**spec))
