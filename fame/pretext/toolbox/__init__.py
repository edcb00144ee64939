"""Building blocks of pretext methods: InfoNCE logits, momentum encoders, queues of keys."""
