"""What `fame run` shows on a terminal: what runs, a bar for each kind of job, the time left."""
