"""Version numbers, raised by hand when a change of code changes results. No torch.

Pretraining and feature extraction take hours at paper scale, so editing a file does not make them
stale: if you change what they compute, raise their number here and say so in CHANGELOG.md. Rules
that take minutes notice edits by themselves (`fame.pipeline.code`). The probes' numbers are for
`fame evaluate`, which reuses a finished result only if its recorded numbers are the current ones.
"""

RECIPE_VERSION = 2
"""Version of pretraining; part of every run's id, so raising it retrains all encoders."""

VERSIONS = {"features": 1, "linear": 1, "bias": 1, "retrieval": 1, "finetune": 1}
"""Version of each evaluation; raising one keeps the encoders and the other evaluations."""


def versions_of(task: str) -> dict[str, int]:
    """The version numbers that a task's result depends on, for the result's details.

    Args:
        task: a key of `VERSIONS`; probes and retrieval also depend on the features.
    """
    names = (task,) if task in ("features", "finetune") else ("features", task)
    return {name: VERSIONS[name] for name in names}
