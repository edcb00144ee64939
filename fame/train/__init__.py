"""The training loop, its checkpoints, and pretraining."""
