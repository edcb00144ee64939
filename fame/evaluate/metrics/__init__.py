"""Numbers computed from predictions and weights."""
