"""From a Manifest to batches of raw clips."""
