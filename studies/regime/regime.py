"""Choose mini's regime by the rule of README.md.

`write FOLDER` writes the candidates' scales. The ordinary workflow makes each: `fame run --scale
FOLDER/lr0.3-540.yaml --tables studies/regime/tables --directory FOLDER/lr0.3-540
results/regime.csv`. Then `judge FOLDER` reads their results.
"""

import json
import math
import sys
from pathlib import Path

import pandas as pd
import yaml

HERE = Path(__file__).parent
MINI = HERE.parents[1] / "config" / "scales" / "mini.yaml"
SEEDS = [90, 91]
RATES = (0.15, 0.3, 0.5)
EPOCHS = {540: {"kinetics400": 60, "ucf101": 90}, 720: {"kinetics400": 80, "ucf101": 120}}
LEARNT = 0.85
"""A loss below this share of guessing's says that FAME has begun to learn."""


def name(rate: float, steps: int) -> str:
    """A candidate's name."""
    return f"lr{rate}-{steps}"


def write(folder: Path) -> None:
    """Write a scale file for each candidate."""
    folder.mkdir(parents=True, exist_ok=True)
    for steps, epochs in EPOCHS.items():
        for rate in RATES:
            scale = yaml.safe_load(MINI.read_text()) | {"seeds": SEEDS}
            scale["pretrain"]["optimiser"]["lr"] = rate
            scale["pretrain"]["epochs"] = epochs
            (folder / f"{name(rate, steps)}.yaml").write_text(yaml.safe_dump(scale))


def result(folder: Path, candidate: str) -> dict[str, object]:
    """A candidate's accuracies, the mean over them, and the last losses of FAME."""
    place = folder / candidate / "results"
    scale = yaml.safe_load((folder / f"{candidate}.yaml").read_text())
    cells = pd.read_csv(place / "regime.csv").set_index("method").filter(regex="_measured$")
    cards = sorted(place.glob("mini/pretrain/moco-fame-*/card.json"))
    losses = [json.loads(card.read_text())["metrics"]["loss"] for card in cards]
    guess = math.log(scale["pretrain"]["batch"])
    return {
        "candidate": candidate,
        "mean": round(float(cells.to_numpy().mean()), 2),
        "cells": cells.round(1).to_dict("index"),
        "fame_losses": losses,
        "learnt": len(losses) == len(SEEDS) and max(losses) < LEARNT * guess,
    }


def judge(folder: Path) -> None:
    """Print each finished candidate, a JSON object a line, best mean first."""
    files = [folder / file.stem / "results" / "regime.csv" for file in folder.glob("*.yaml")]
    done = [file.parents[1].name for file in files if file.is_file()]
    for one in sorted((result(folder, each) for each in done), key=lambda one: -one["mean"]):
        print(json.dumps(one))


if __name__ == "__main__":
    {"write": write, "judge": judge}[sys.argv[1]](Path(sys.argv[2]))
