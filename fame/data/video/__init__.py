"""Video files: decoding, probing, resizing, encoding."""
