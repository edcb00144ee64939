"""Running the workflow: plan it, look at its state, verify its results, start its processes."""
