"""Numbers that are raised on purpose when code changes what a result means. No torch.

Trainings and extractions take hours at paper scale, so no edit of a file makes them stale: whoever
changes what they compute raises their number here, and says so in CHANGELOG.md. Rules that take
minutes need no number to notice an edit (`fame.pipeline.code`); the probes' numbers are for
`fame evaluate`, which reads a finished result only if it carries the present ones.
"""

RECIPE_VERSION = 2
"""Of pretraining; part of every run's id, so that all encoders are trained again."""

VERSIONS = {"features": 1, "linear": 1, "bias": 1, "retrieval": 1, "finetune": 1}
"""Of each evaluation: a change to one leaves encoders, and the other evaluations, as they are."""


def versions_of(task: str) -> dict[str, int]:
    """The numbers that a task's result depends on, for its file's details.

    Args:
        task: a key of `VERSIONS`; probes and retrieval are computed from features.
    """
    names = (task,) if task in ("features", "finetune") else ("features", task)
    return {name: VERSIONS[name] for name in names}
