"""Pretext methods, one file each, found by name by `fame.core.registry`."""
