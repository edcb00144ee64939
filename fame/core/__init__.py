"""The ground floor: errors, files, keyed randomness, processes. Imports nothing of the rest."""
