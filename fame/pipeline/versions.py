"""Version numbers, raised by hand when a change of code changes results. No torch.

Pretraining and feature extraction take hours at paper scale, so editing a file does not make them
stale: if you change what they compute, raise their number, here or in the task's file, and say so
in CHANGELOG.md. Rules that take minutes notice edits by themselves (`fame.pipeline.code`). The
probes' numbers are for `fame evaluate`, which reuses a finished result only if its recorded numbers
are the current ones.
"""

RECIPE_VERSION = 3
"""Version of pretraining; part of every run's id, so raising it retrains all encoders."""

FEATURES_VERSION = 1
"""Version of the features, which probes and retrieval read. Each task's own version is in its file;
raising one keeps the encoders and the other evaluations."""
