"""Starting `fame` in forked children, and reading what it left."""

import json
import re
import socket
from dataclasses import dataclass
from pathlib import Path

import torch
from children import Conditions, command
from micro_world import TABLES, choose

PATIENCE = 240

STEPS = 16
"""Of the pretraining that the session's undisturbed one is compared with."""
LENGTH = {"pretrain.epochs.kinetics400": 8, "evaluate.finetune.epochs": 2}
OFTEN = {"resources.checkpoint_minutes": 1e-6}
"""A checkpoint after every step."""


@dataclass(frozen=True)
class Training:
    """One pretraining or finetuning as a command, in a folder of its own.

    Attributes:
        fork: the multiprocessing context.
        place: the folder.
        arguments: of `fame`.
        work: where checkpoints and the training log lie.
    """

    fork: object
    place: Path
    arguments: tuple
    work: Path

    @property
    def log(self):
        return self.place / "log"

    def text(self):
        return self.log.read_text()

    def start(self, **conditions):
        """Start the command; returns the process."""
        self.place.mkdir(parents=True, exist_ok=True)
        target = (self.arguments, self.log, Conditions(**conditions))
        process = self.fork.Process(target=command, args=target)
        process.start()
        return process

    def run(self, **conditions):
        """Run the command; returns its exit status, negative for a signal."""
        process = self.start(**conditions)
        process.join(PATIENCE)
        if process.exitcode is None:
            process.kill()
        return process.exitcode

    def run_in(self, processes, *, first=None, **conditions):
        """Run the command in several processes, as torchrun would; returns their statuses.

        `first` holds what is different for the first process.
        """
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        common = {"WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1"}
        common["MASTER_PORT"] = str(port)
        peers = [
            self.start(
                variables=common | {"RANK": str(rank)},
                **(conditions | (first or {} if rank == 0 else {})),
            )
            for rank in range(processes)
        ]
        for peer in peers:
            peer.join(PATIENCE)
        for peer in peers:
            peer.kill()
        return [peer.exitcode for peer in peers]

    def step(self):
        """Step of the newest checkpoint, 0 if there is none."""
        names = [path.name for path in (self.work / "checkpoints").glob("step-*.pt")]
        return max((int(re.findall(r"\d+", name)[0]) for name in names), default=0)

    def state(self):
        """The newest checkpoint's module."""
        path = self.work / "checkpoints" / f"step-{self.step()}.pt"
        return torch.load(path, weights_only=True)["module"]

    def metrics(self):
        """The training log's lines."""
        lines = (self.work / "metrics.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


def pretraining(fork, micro, place, scale, method="moco-fame", tables=TABLES):
    """`fame pretrain` on the micro Kinetics."""
    _, run = choose(scale, method, tables)
    arguments = ("pretrain", "--scale", scale, "--tables", tables, "--run", run.id)
    arguments += ("--manifest", micro.manifest(), "--out", place / "run")
    return Training(fork, place, arguments, place / "run")


def finetuning(fork, micro, place, scale, encoder):
    """`fame finetune` on the micro UCF101."""
    _, run = choose(scale, "moco-fame")
    arguments = ("finetune", "--scale", scale, "--tables", TABLES, "--run", run.id)
    arguments += ("--encoder", encoder, "--manifest", micro.manifest("ucf101"))
    arguments += ("--out", place / "finetune.json")
    return Training(fork, place, arguments, place / "finetune.work")
