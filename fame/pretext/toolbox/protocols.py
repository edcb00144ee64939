"""What methods with two protocols share: `own`, as published, and `fame`, like with like."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fame.config.methods import MoCo
from fame.core.errors import FameError
from fame.core.schema import Model
from fame.pretext.common import Method, Setup


def by_protocol(
    setup: Setup, name: str, protocols: Mapping[str, Callable[[Setup], Method]]
) -> Method:
    """The method in the protocol that the recipe's options name, for methods that merge nothing.

    Args:
        setup: the recipe and its parts.
        name: of the method, for messages.
        protocols: what makes the method, by protocol.

    Raises:
        FameError: no such protocol, a recipe with a `merge`, or one without `pretrain`.
    """
    setup.refuse_merge(name)
    if setup.run.pretrain is None:
        raise FameError(f"the method {name!r} learns from videos; add `pretrain` to its recipe")
    protocol = str(setup.options.get("protocol"))
    if protocol not in protocols:
        raise FameError(
            f"the method {name!r} has no protocol {protocol!r}; "
            "set options.protocol to 'fame' (like with like) or 'own' (as published)"
        )
    return protocols[protocol](setup)


def by_options(
    setup: Setup,
    name: str,
    method: Callable[[Setup, Any], Method],
    protocols: Mapping[str, type[Model]],
) -> Method:
    """The method with the options of its protocol; a `temperature` there replaces the scale's.

    Args:
        setup: the recipe and its parts.
        name: of the method, for messages.
        method: makes it from the setup and the options.
        protocols: the model of the options, by protocol.

    Raises:
        FameError: as of `by_protocol`, or invalid options.
    """

    def makes(model: type[Model]) -> Callable[[Setup], Method]:
        def make(setup: Setup) -> Method:
            options = setup.read_options(model, name)
            temperature = getattr(options, "temperature", None)
            given = setup if temperature is None else with_temperature(setup, temperature)
            return method(given, options)

        return make

    return by_protocol(setup, name, {key: makes(model) for key, model in protocols.items()})


def with_temperature(setup: Setup, temperature: float) -> Setup:
    """The setup with another temperature in the scale's section `moco`."""
    moco = setup.section("moco", MoCo).model_copy(update={"temperature": temperature})
    return replace(setup, sections={**setup.sections, "moco": moco})


def need_frames(name: str, least: int, frames: int) -> None:
    """Refuse a backbone whose clips are too short for a method.

    Raises:
        FameError: `frames` is less than `least`.
    """
    if frames < least:
        raise FameError(
            f"the method {name!r} needs clips of {least} frames or more and its backbone has "
            f"{frames}; raise `frames` of that backbone or choose another"
        )


def need_size(name: str, least: int, size: int) -> None:
    """Refuse a backbone whose views are too small for a method.

    Raises:
        FameError: `size` is less than `least`.
    """
    if size < least:
        raise FameError(
            f"the method {name!r} needs views of {least} pixels or more and its backbone has "
            f"{size}; raise `size` of that backbone or choose another"
        )
