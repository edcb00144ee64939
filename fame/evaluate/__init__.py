"""Evaluation of encoders: features, linear probe, retrieval, finetuning, bias probes."""
