"""Archives that strangers made, unpacked without trusting them."""
