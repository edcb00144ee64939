"""From a Manifest to batches of clips: sampling, dataset, batch, loader."""
