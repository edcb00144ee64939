"""Timings and checks beyond the tests: a training step, and everything that needs a GPU."""
