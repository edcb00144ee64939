"""Encoder architectures, one file each; `fame.core.registry` finds them by name."""
