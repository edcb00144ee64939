"""Two results side by side: `fame compare`."""
