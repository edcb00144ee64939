"""Sentences on the page: with which versions it and the encoders were made."""

import platform
from importlib.metadata import version
from typing import Any

from fame.core.packages import LOCK, against_lock
from fame.report.page.runs import Card

PACKAGES = ("fame-reproduction", "torch", "torchvision", "numpy", "pandas", "av", "snakemake")


def versions(run_cards: list[Card]) -> list[str]:
    """Sentences with the versions of the software that made this page and the encoders."""
    installed = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    own = [f"Python {platform.python_version()}", installed, *_locked(against_lock(LOCK))]
    texts = [f"This page was made with {', '.join(own)}."]
    return texts + [
        f"Encoders were made with {text}." for text in dict.fromkeys(map(_made, run_cards))
    ]


def _made(card: Card) -> str:
    facts: dict[str, Any] = card.facts.get("environment", {})
    packages = [f"{name} {number}" for name, number in facts.get("packages", {}).items() if number]
    python = [f"Python {facts['python']}"] if "python" in facts else []
    device = [f"on {facts['device']}"] if "device" in facts else []
    code = [f"fame {card.facts['code']}"] if "code" in card.facts else []
    lock = _locked(facts.get("lock"))
    return ", ".join([*code, *python, *packages, *lock, *device]) or "what their cards do not say"


def _locked(lock: dict[str, Any] | None) -> list[str]:
    """Which lock the other packages come from, and what departs from it; nothing without one."""
    if lock is None:
        return []
    others = [f"{name} {number}" for name, number in lock["departures"].items()]
    but = f" but for {', '.join(others)}" if others else ""
    return [f"the versions of requirements.lock (SHA-256 {lock['sha256'][:12]}...){but}"]
