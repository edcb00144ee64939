"""Blocks that architectures share."""
