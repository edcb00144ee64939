"""The parts of `benchmarks/gpu_check.py`: one module for each section, and what they share."""
