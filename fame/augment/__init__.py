"""Augmentation of a batch of clips on the device: crops, colour changes, masks, merging."""
