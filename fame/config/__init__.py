"""Typed configuration. Unknown keys are refused with their path and the nearest valid name."""
