"""What happens to a batch of clips on the device: crops, colours, masks, merging."""
