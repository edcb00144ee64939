"""The parts of `benchmarks/gpu_check.py`: a module per section, and shared ones."""
