"""Download datasets, check them, and unpack them into the official layout."""
