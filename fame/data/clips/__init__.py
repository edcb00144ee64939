"""Clips: sampling frame numbers, datasets, batches, and the loader."""
