"""Parts that pretext methods compose: InfoNCE logits, momentum encoders, queues of keys."""
