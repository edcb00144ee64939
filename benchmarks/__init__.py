"""What is timed and checked beyond the tests: a training step, and everything that wants a GPU."""
