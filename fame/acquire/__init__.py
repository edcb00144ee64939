"""Datasets from the network: download, check, unpack into the official layout."""
