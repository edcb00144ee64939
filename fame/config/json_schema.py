"""JSON schemas of the YAML files, by which editors complete and explain keys.

They are made from the models that check the files. What a field means is read from its model's
docstring (`Attributes:`), so it is written once.
"""

import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from fame.config.claims import Claims
from fame.config.figures import Figures
from fame.config.reading import SCALES
from fame.config.scale import Scale
from fame.config.sources import Sources
from fame.config.tables import Table
from fame.config.workflow import Workflow

SCHEMAS = SCALES.with_name("schema")
"""The folder of the project's own copies."""

FILES: Mapping[str, type[BaseModel]] = {
    "config": Workflow,
    "scale": Scale,
    "table": Table,
    "figures": Figures,
    "claims": Claims,
    "datasets": Sources,
}
"""The schemas by name, and the models that they describe."""

_SECTION = re.compile(r"^Attributes:\n((?:    .*\n?|\n)+)", re.MULTILINE)
_ENTRY = re.compile(r"^    (\w[\w, ]*): (.+(?:\n {5,}.+)*)", re.MULTILINE)


def attributes(model: type) -> dict[str, str]:
    """What the docstrings of a class and its bases say of each attribute, on one line."""
    described: dict[str, str] = {}
    for each in reversed(model.__mro__):
        section = _SECTION.search(inspect.cleandoc(each.__doc__ or ""))
        for names, text in _ENTRY.findall(section[1] if section else ""):
            described |= dict.fromkeys(names.split(", "), " ".join(text.split()))
    return described


class _Described(GenerateJsonSchema):
    """Adds descriptions from docstrings; titles, which only repeat the keys, are left out."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """A model's schema, with its docstring."""
        made = super().model_schema(schema)
        known = attributes(schema["cls"])
        summary = inspect.cleandoc(schema["cls"].__doc__ or "").split("\n\n")[0]
        made["description"] = " ".join(summary.split())
        for name, field in made.get("properties", {}).items():
            if "description" not in field and name in known:
                field["description"] = known[name]
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No field gets a title."""
        return False


def schema(name: str) -> dict[str, Any]:
    """The JSON schema of a kind of file, one of `FILES`."""
    made = FILES[name].model_json_schema(schema_generator=_Described)
    return {"$schema": _Described.schema_dialect, **made}


def write(folder: Path = SCHEMAS) -> list[Path]:
    """Write every schema as `<name>.json`; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.json" for name in FILES]
    for file in files:
        text = json.dumps(schema(file.stem), indent=2, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")
    return files
