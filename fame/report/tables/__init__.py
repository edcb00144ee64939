"""Tables of the paper beside what was measured."""
