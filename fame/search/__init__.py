"""A user's own videos: embed them and find similar ones."""
