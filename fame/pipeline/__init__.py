"""The workflow, described once: the runs that tables need and the steps that make them."""
