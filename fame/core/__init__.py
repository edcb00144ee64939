"""The base layer: errors, files, keyed randomness, processes. Imports no other package of fame."""
