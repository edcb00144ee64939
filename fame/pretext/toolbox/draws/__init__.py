"""Draws: which frames of a video a method's clips have."""
