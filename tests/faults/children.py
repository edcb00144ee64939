"""What runs in a child process: the command line, under conditions that a test sets.

Imported once by the server that the children are forked from.
"""

import ctypes
import itertools
import multiprocessing
import os
import resource
import shutil
import signal
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.utils.tensorboard

import fame.evaluate.monitor
import fame.evaluate.tasks.finetune
import fame.train.pretrain
from fame.cli import main
from fame.core.distributed import World
from fame.pretext.moco import MoCo
from fame.train import checkpoint, engine
from fame.train.training_log import TrainingLog

PHASES = ("backward", "stepped", "half-saved", "saved")
"""Moments of a training step: after backward; after the update and before the checkpoint; with
half of the checkpoint written; after it."""


@dataclass(frozen=True)
class Stop:
    """A signal that the child sends itself at the `number`-th passage (from 1) of a phase."""

    phase: str
    number: int
    signal: int = signal.SIGKILL


@dataclass(frozen=True)
class Conditions:
    """What a child does differently.

    Attributes:
        stop: a signal to itself.
        keep: keep the checkpoints at the end.
        log_every: steps between lines of the training_log.
        variables: of the environment.
        room: largest file in bytes that can be written once there is a checkpoint.
        spoilt: a step (from 0) whose loss is not a number.
        obedient: permissions bind it even if it is root's.
    """

    stop: Stop | None = None
    keep: bool = False
    log_every: int = engine.LOG_EVERY
    variables: dict[str, str] = field(default_factory=dict)
    room: int | None = None
    spoilt: int | None = None
    obedient: bool = False


def command(arguments, log, conditions):
    """Run `fame ARGUMENTS`, its output appended to `log`."""
    multiprocessing.set_start_method("fork", force=True)  # what loaders use outside this test
    os.environ.update(conditions.variables)
    with Path(log).open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    engine.LOG_EVERY = conditions.log_every
    if conditions.keep:
        shutil.rmtree = lambda *_, **__: None
    if conditions.room is not None:
        _fill_disk_after_a_checkpoint(conditions.room)
    if conditions.spoilt is not None:
        _spoil(conditions.spoilt)
    if conditions.obedient:
        _drop_capabilities()
    if conditions.stop:
        _arm(conditions.stop)
    sys.argv = ["fame", *map(str, arguments)]
    main()


def _wrap(owner, name, before=None, after=None):
    """Call `before` and `after` around a function."""
    function = getattr(owner, name)

    def wrapped(*arguments, **named):
        if before:
            before(*arguments)
        result = function(*arguments, **named)
        if after:
            after()
        return result

    setattr(owner, name, wrapped)


def _fill_disk_after_a_checkpoint(room):
    limit = (room, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    _wrap(checkpoint, "save", after=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))


def _drop_capabilities():
    """Give up root's right to write where permissions forbid it."""
    header = struct.pack("Ii", 0x20080522, 0)  # version 3, this process
    none = struct.pack("IIIIII", *[0] * 6)  # effective, permitted, inheritable, twice
    if ctypes.CDLL(None, use_errno=True).capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")


def _spoil(spoilt):
    honest = MoCo.loss

    def loss(self, batch, step):
        value, scalars = honest(self, batch, step)
        return (value * float("nan") if step == spoilt else value), scalars

    MoCo.loss = loss


def _arm(stop):
    passages = itertools.count(1)

    def passage(*_):
        if next(passages) == stop.number:
            os.kill(os.getpid(), stop.signal)

    def half(state, file):
        """Write half of what `torch.save` would, if this is the passage to stop at."""
        if next(passages) != stop.number:
            return
        whole = Path(f"{file.name}.whole")
        save(state, whole)
        file.write(whole.read_bytes()[: whole.stat().st_size // 2])
        file.flush()
        whole.unlink()
        os.kill(os.getpid(), stop.signal)

    save = torch.save
    places = {
        "backward": (World, "average_gradients", passage, None),
        "stepped": (TrainingLog, "advance", None, passage),
        "half-saved": (torch, "save", half, None),
        "saved": (checkpoint, "save", None, passage),
        "checksum": (checkpoint, "sha256", passage, None),
        "encoder written": (fame.train.pretrain, "save_encoder", None, passage),
    }
    _wrap(*places[stop.phase])
