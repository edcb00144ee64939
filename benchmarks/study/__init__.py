"""The parts of the mini study; `benchmarks.mini_study` runs it."""
