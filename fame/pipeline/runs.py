"""Runs: the encoder that a recipe means at a scale, with everything that defines it in its name.

No torch. Equal recipes give equal run ids, so an encoder that several tables need is trained once.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from fame.config.datasets import Own, Synthetic
from fame.config.encoders import BACKBONES
from fame.config.layouts import DATASETS
from fame.config.methods import Methods, Section
from fame.config.pretraining import Merge
from fame.config.reading import expand, parse
from fame.config.scale import Backbone, Scale
from fame.config.tables import Recipe
from fame.core.errors import FameError
from fame.core.files import sha256
from fame.core.registry import check_name, declared, installed, is_foreign
from fame.pipeline.versions import RECIPE_VERSION


class AbsentEncoder(FameError):
    """A recipe names a file of finished weights that does not exist."""


@dataclass(frozen=True)
class Run:
    """One encoder for one seed, with everything that defines it.

    Attributes:
        seed: of initialisation, of every random draw, and of the mini worlds.
        recipe: everything that defines the run, as plain JSON data; its hash is part of `id`.
        merge: how clips are merged, or None.
        pretrain: the dataset's key, or None for an untrained encoder.
        source: the file of finished weights, for an encoder made elsewhere; `method` is then
            `encoder`.
    """

    method: str
    backbone: str
    pretrain: str | None
    merge: Merge | None
    seed: int
    recipe: dict[str, Any]
    source: Path | None = None

    @cached_property
    def id(self) -> str:
        """A readable, unique name such as `moco-fame-r2plus1d-ucf101-s0-1a2b3c4d`."""
        names = [Path(self.method).stem]
        names += [self.weights] if self.source else []
        names += [Path(self.merge.mask).stem] if self.merge else []
        names += [self.backbone]
        names += [self.pretrain] if self.pretrain else []
        slug = "-".join(re.sub(r"[^A-Za-z0-9_]+", "_", name) for name in names)
        return f"{slug}-s{self.seed}-{digest(self.recipe)}"

    @property
    def weights(self) -> str:
        """A name for finished weights: their file's name, or the folder's of an `encoder.*`."""
        assert self.source is not None
        source = self.source
        return source.resolve().parent.name if source.stem == "encoder" else source.stem

    def data_id(self, scale: Scale) -> str | None:
        """The data instance that the run is trained on."""
        return data_id(scale, self.pretrain, self.seed) if self.pretrain else None


def digest(recipe: dict[str, Any]) -> str:
    """Eight hexadecimal digits that name a recipe."""
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def data_id(scale: Scale, dataset: str, seed: int) -> str:
    """The data instance of a dataset: a mini world has one per seed."""
    if isinstance(scale.datasets[dataset], Synthetic):
        return f"{dataset}-w{seed}"
    return dataset


def split_data_id(scale: Scale, name: str) -> tuple[str, int | None]:
    """The inverse of `data_id`: the dataset's key, and the world's seed for a mini world."""
    match = re.fullmatch(r"(?P<dataset>.+)-w(?P<seed>\d+)", name)
    if match and isinstance(scale.datasets.get(match["dataset"]), Synthetic):
        return match["dataset"], int(match["seed"])
    if name not in scale.datasets or isinstance(scale.datasets[name], Synthetic):
        known = dict.fromkeys(data_id(scale, key, n) for key in scale.datasets for n in scale.seeds)
        raise FameError(
            f"scale {scale.name!r} has no data instance {name!r}; choose one of {', '.join(known)}"
        )
    return name, None


def plugin_digest(package: str, name: str) -> dict[str, str]:
    """The hash of a plug-in file's content, which is part of the recipe; empty for built-ins.

    For a choice of an installed package, that package's name and version stand before the hash.

    Args:
        package: the package with the built-in choices, such as `fame.pretext`.
        name: the choice.

    Raises:
        FameError: the file cannot be read or is not Python.
    """
    if not is_foreign(package, name):
        return {}
    foreign = installed(package).get(name)
    file = foreign.file if foreign else Path(name).expanduser()
    digest_of = _content_digest(file, name)
    return {name: f"{foreign.owner} {digest_of}" if foreign else digest_of}


def _content_digest(file: Path, name: str) -> str:
    """The SHA-256 of a plug-in file, which must be Python."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise FameError(f"{name}: the plug-in file cannot be read ({error.strerror})") from None
    try:
        compile(content, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise FameError(f"{name}: the plug-in file is not Python ({error}); correct it") from None
    return hashlib.sha256(content).hexdigest()


def used_sections(scale: Scale, method: str, dataset: str) -> dict[str, Section]:
    """The sections of `pretrain.methods` that a method declares, restricted to `dataset`.

    Raises:
        FameError: the method names an unknown section, or one that the scale lacks.
    """
    uses, given = declared("fame.pretext", method, "USES", ()), scale.pretrain.methods.given()
    if not isinstance(uses, tuple | list):
        raise FameError(f"the method {method!r}: USES must be a tuple of names, as ('moco',) is")
    for name in uses:
        if name not in Methods.model_fields:
            known = ", ".join(Methods.model_fields)
            raise FameError(
                f"the method {method!r} uses {name!r}, which is no section of pretrain.methods; "
                f"choose from {known}, or take settings from the recipe's options"
            )
        if name not in given:
            raise FameError(
                f"scale {scale.name!r}: pretrain.methods lacks {name}, which the method "
                f"{method!r} uses; add it as config/scales/mini.yaml has it"
            )
    try:
        return {name: given[name].on(dataset) for name in uses}
    except FameError as error:
        raise FameError(f"scale {scale.name!r}: {error}") from None


def dataset_plugin(scale: Scale, dataset: str) -> dict[str, str]:
    """The hash of the plug-in file that a dataset's entry names; empty for built-ins."""
    entry = scale.datasets[dataset]
    return {} if isinstance(entry, Own) else plugin_digest(DATASETS, entry.layout)


def _data_recipe(scale: Scale, dataset: str, hears: bool) -> dict[str, Any]:
    """The part of a dataset's entry that changes what a method learns from; its place does not."""
    entry = scale.datasets[dataset]
    aside = {"root", "annotations", "title", "tolerance", "missing", "verify", "prepare"}
    recipe = {"name": dataset, **entry.model_dump(mode="json", exclude=aside)}
    if isinstance(entry, Synthetic) and not hears:
        # The frames are the same with sound and without.
        del recipe["world"]["sound"]
    if not isinstance(entry, Synthetic) and entry.prepare is not None:
        # Omitted if null, so that ids are the same as before copies existed.
        recipe["prepare"] = entry.prepare.model_dump(mode="json", exclude={"to", "shards"})
    if plugin := dataset_plugin(scale, dataset):
        recipe["plugin"] = plugin
    return recipe


def _encoder_recipe(backbone: Backbone) -> dict[str, Any]:
    recipe = backbone.model_dump(mode="json", exclude={"title"})
    # Omitted for built-in architectures: RECIPE_VERSION stands for changes to those.
    plugin = plugin_digest(BACKBONES, backbone.encoder.arch)
    return recipe | ({"plugin": plugin} if plugin else {})


def _training_recipe(scale: Scale, recipe: Recipe, merge: Merge | None) -> dict[str, Any]:
    """The part of the scale's `pretrain` section that this recipe uses."""
    assert recipe.pretrain is not None and recipe.method is not None
    aside = {"merge", "monitor", "methods", "rates"}
    section = scale.pretrain.model_dump(mode="json", exclude=aside)
    if recipe.pretrain not in scale.pretrain.epochs:
        raise FameError(
            f"scale {scale.name!r}: pretrain.epochs lacks {recipe.pretrain!r}, on which a recipe "
            "pretrains; add it"
        )
    if section["views"]["jitter_kind"] == "torchvision":
        # Omitted, so that ids are the same as when there was no other kind.
        del section["views"]["jitter_kind"]
    section["epochs"] = scale.pretrain.epochs[recipe.pretrain]
    # The rate that the method has, wherever it was written: equal trainings are one run.
    section["optimiser"] = scale.pretrain.optimiser_of(recipe.method).model_dump(mode="json")
    used = used_sections(scale, recipe.method, recipe.pretrain)
    section["methods"] = {name: one.model_dump(mode="json") for name, one in used.items()}
    section["merge"] = merge.model_dump(mode="json") if merge else None
    hears = bool(declared("fame.pretext", recipe.method, "HEARS", False))
    section["data"] = _data_recipe(scale, recipe.pretrain, hears)
    section["max_short_side"] = scale.max_short_side
    section["options"] = recipe.options_in(scale.protocol)
    section["plugins"] = plugin_digest("fame.augment.masks", merge.mask) if merge else {}
    return section


@lru_cache
def _weights_digest(source: Path, modified: int, size: int) -> str:
    """The file's SHA-256, computed once for all rows and seeds while the file is unchanged."""
    return sha256(source)


def _finished(scale: Scale, recipe: Recipe, seed: int) -> Run:
    """The run of an encoder made elsewhere; its recipe contains the hash of the weights."""
    assert recipe.encoder is not None
    try:
        source = expand(recipe.encoder)
    except FameError as error:
        raise AbsentEncoder(str(error)) from None
    if not source.is_file():
        raise AbsentEncoder(f"{source}: no such encoder; correct the recipe's path to it")
    status = source.stat()
    content = {
        "version": RECIPE_VERSION,
        "encoder": _weights_digest(source, status.st_mtime_ns, status.st_size),
        "backbone": _encoder_recipe(scale.backbones[recipe.backbone]),
        "seed": seed,
    }
    return Run("encoder", recipe.backbone, None, None, seed, content, source)


def resolve(scale: Scale, recipe: Recipe, refine: dict[str, Any], seed: int) -> Run:
    """The run of a row's recipe at a scale; `refine` holds the column's `merge` keys."""
    if recipe.method is None:
        return _finished(scale, recipe, seed)
    check_name("fame.pretext", recipe.method)
    backbone = scale.backbones[recipe.backbone]
    content: dict[str, Any] = {
        "version": RECIPE_VERSION,
        "method": recipe.method,
        "plugin": plugin_digest("fame.pretext", recipe.method),
        "backbone": _encoder_recipe(backbone),
        "seed": seed,
    }
    if recipe.pretrain is None:
        return Run(recipe.method, recipe.backbone, None, None, seed, content)
    merge = None
    if recipe.merge is not None:
        chosen = scale.pretrain.merge.model_dump() | recipe.merge | refine
        merge = parse(Merge, chosen, f"recipe of {recipe.method!r}: merge")
        check_name("fame.augment.masks", merge.mask)
    content["pretrain"] = _training_recipe(scale, recipe, merge)
    return Run(recipe.method, recipe.backbone, recipe.pretrain, merge, seed, content)
