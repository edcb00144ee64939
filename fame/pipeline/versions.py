"""Version numbers, raised by hand when a change of code changes results. No torch.

Trainings and extractions take hours at paper scale, so no edit of a file makes them stale: whoever
changes what they compute raises their number, here or in the task's file, and says so in
CHANGELOG.md. Rules that take minutes need no number to notice an edit (`fame.pipeline.code`); the
probes' numbers are for `fame evaluate`, which reads a finished result only if it carries the
present ones.
"""

RECIPE_VERSION = 2
"""Version of pretraining; part of every run's id, so raising it retrains all encoders."""

FEATURES_VERSION = 1
"""Of the features, which probes and retrieval are computed from. Each task's own number stands in
its file: a change to one leaves encoders, and the other evaluations, as they are."""
