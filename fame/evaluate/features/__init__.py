"""Features of videos under a frozen encoder: extracted, stored, read."""
