"""A pace profile: seconds that this or another machine takes for each piece of work."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from fame.config.reading import parse
from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.core.files import read_json, write_json
from fame.core.schema import Model

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]

MEASURE = "fame plan --measure FILE"


class Machine(Model):
    """Where a profile was measured: `device` names the GPU, or the processor."""

    kind: Literal["cpu", "cuda"]
    device: str
    threads: Annotated[int, Field(ge=1)]
    torch: str


class Entry(Model):
    """The cost of one video.

    Attributes:
        settings: the digest of what decided it (see `fame.operate.plan.work.Piece`).
        backbone: key of the scale's; "" for work without an encoder.
        read: seconds to read and decode its clips, on one core.
        compute: seconds for all else, on one device.
        clips: that are read of it.
        device_mib: peak memory of the GPU, at the size of a real step.
        checkpoint: bytes of a checkpoint.
        encoder: bytes of the encoder.
    """

    settings: str
    backbone: str
    read: Seconds
    compute: Seconds
    clips: Count
    device_mib: Count | None = None
    checkpoint: Count | None = None
    encoder: Count | None = None


class Pace(Model):
    """A machine's pace.

    Attributes:
        version: of this format.
        measured: date and time.
        start: seconds that a job takes before it does anything.
        host_mib: peak memory of the process that measured.
        entries: by the names of pieces.
    """

    version: Literal[1]
    measured: str
    machine: Machine
    start: Seconds
    host_mib: Count
    entries: dict[str, Entry]

    def write(self, path: Path) -> None:
        """As JSON, whole or not at all."""
        write_json(path, self.model_dump(mode="json"))


def read_pace(path: Path, scale: Scale) -> Pace:
    """A pace profile for a plan at a scale.

    Raises:
        FameError: no such file, not a profile, or measured on another kind of machine than the
            scale asks for.
    """
    pace = parse(Pace, read_json(path), path)
    machine, resources = pace.machine, scale.resources
    wanted = "cuda" if resources.gpus else "cpu"
    names = {"cpu": "a processor", "cuda": "a GPU"}
    if machine.kind != wanted:
        raise FameError(
            f"{path}: measured on {names[machine.kind]} ({machine.device}), but scale "
            f"{scale.name} runs on {names[wanted]}; measure there: {MEASURE}"
        )
    if wanted == "cpu" and machine.threads != resources.threads:
        raise FameError(
            f"{path}: measured with {machine.threads} threads, but scale {scale.name} gives a job "
            f"{resources.threads}; measure again: {MEASURE}"
        )
    return pace
