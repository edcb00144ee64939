"""What all sections of the configuration share. No torch."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Layout = Literal["kinetics400", "ucf101", "hmdb51", "diving48"]
Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Model(BaseModel):
    """Base of every configuration section: immutable, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
