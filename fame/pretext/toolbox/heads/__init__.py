"""Heads and other networks of methods, beside the encoder."""
