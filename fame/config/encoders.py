"""Encoder settings, as declared by the file of each architecture. No torch."""

from abc import abstractmethod
from typing import Annotated, Any, ClassVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, SerializeAsAny
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from fame.core import registry
from fame.core.errors import FameError
from fame.core.schema import Model

BACKBONES = "fame.models.backbones"
"""The package with one file per architecture; it is looked up by name, not imported here."""


class EncoderSettings(Model):
    """Base of every architecture's settings; no setting has a default.

    Attributes:
        arch: the architecture: the name of a file in `fame/models/backbones/`, or a path.
        temporal_kernels: whether it has the 3x1x1 convolutions in layer1 to layer4 that Figure 3
            shows; declared by the architecture, not by a scale.
    """

    temporal_kernels: ClassVar[bool] = False

    arch: str

    @property
    @abstractmethod
    def feature_dim(self) -> int:
        """Length of the pooled feature: the number of channels of the last map."""

    @property
    def torchvision(self) -> str | None:
        """The function of `torchvision.models.video` whose weights, less `fc`, have these names."""
        return None


class _ValidatedByArch:
    """Validates `encoder: {arch: name, ...}` with the settings that the file `name` declares."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(_declared, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        known = registry.built_in(BACKBONES)
        settings = [handler(_settings_of(name).__pydantic_core_schema__) for name in known]
        foreign = {"type": "string", "not": {"enum": known}, "description": "another one"}
        other = {"type": "object", "properties": {"arch": foreign}, "required": ["arch"]}
        return {"anyOf": [*settings, other]}


AnyEncoder = Annotated[SerializeAsAny[EncoderSettings], _ValidatedByArch()]
"""Settings of any architecture, chosen by `arch`; for fields of pydantic models."""


def _settings_of(arch: str) -> type[EncoderSettings]:
    settings: type[EncoderSettings] = registry.load(BACKBONES, arch, "SETTINGS")
    return settings


def _declared(value: Any) -> Any:
    """A mapping, validated as its architecture's settings; without `arch` it is refused later."""
    if not isinstance(value, dict) or not isinstance(value.get("arch"), str):
        return value
    try:
        model = _settings_of(value["arch"])
    except FameError as error:
        raise ValueError(str(error)) from None
    return model.model_validate(value)
