"""The tasks of the tables, one file each."""
