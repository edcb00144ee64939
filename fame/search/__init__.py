"""Other people's videos: embed them and find similar ones."""
