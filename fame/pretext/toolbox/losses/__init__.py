"""Losses, and the logits and vectors that they are computed from."""
