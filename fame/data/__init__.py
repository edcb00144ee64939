"""Data loading: video files and annotations to batches of raw clips."""
