"""What an encoder is worth: features, linear probe, retrieval, finetuning."""
