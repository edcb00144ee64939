"""Pretext methods, one file each; `fame.registry` finds them by name."""
