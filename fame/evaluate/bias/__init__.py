"""Background bias: altered clips and the scores computed from them (docs/bias.md)."""
